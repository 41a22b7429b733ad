import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import t from 'tap';
import type { Answer } from '../../../../edge/serve/answer.ts';
import type { Bodies } from '../../../../edge/serve/content.ts';
import { type SentExchange, send } from '../../../../edge/serve/send.ts';
import { digestOf } from '../../../../shared/digest.ts';

const MB = 1024 * 1024;
const bytes = Buffer.alloc(MB);
const representation = { digest: digestOf(bytes), source: digestOf(bytes), size: MB, coding: undefined };
const answer = {
  status: 200,
  headers: {},
  body: { kind: 'bytes', representation, range: undefined },
} as unknown as Answer;
const bodies: Bodies = { body: () => ({ kind: 'bytes', bytes, cache: { kind: 'hit', tier: 'memory' } }) };

/** What is handed to a reader over TLS who reads nothing: all of it in one write, or slices. */
async function writtenTo(client: string) {
  const raw = Object.assign(new EventEmitter(), { destroyed: false });
  const socket = Object.assign(new EventEmitter(), { encrypted: true });
  let sent: unknown;
  const reply = {
    raw,
    request: { raw: { socket } },
    code: () => reply,
    headers: () => reply,
    header: () => reply,
    send(payload: unknown) {
      sent = payload;
      return reply;
    },
  };
  const exchange: SentExchange = { client, beginBody: () => true, progressed: () => {} };
  await send(answer, bodies, exchange, reply as unknown as FastifyReply);
  // Node keeps the memory of a write until the connection is closed.
  raw.emit('close');
  return { isOneWrite: !(sent instanceof Readable), close: () => socket.emit('close') };
}

t.test('a client with many downloads over TLS leaves room for large writes to others', async (t) => {
  const crowd = [];
  for (let i = 0; i < 100; i++) crowd.push(await writtenTo('a'));
  t.equal(
    crowd.filter(({ isOneWrite }) => isOneWrite).length,
    33,
    'half of 64 MB, beyond what each may write',
  );
  const other = await writtenTo('b');
  t.ok(other.isOneWrite);
  for (const { close } of [other, ...crowd]) close();
  const again = await writtenTo('a');
  t.ok(again.isOneWrite, 'what was taken is there again');
  again.close();
});

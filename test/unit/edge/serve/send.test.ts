import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import t from 'tap';
import type { Bodies } from '../../../../edge/serve/bytes/content.ts';
import { type SentExchange, send } from '../../../../edge/serve/send.ts';
import type { Answer } from '../../../../edge/serve/site/answer.ts';
import { digestOf } from '../../../../shared/content/digest.ts';

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
  const { sent, close } = await sentTo(client, answer);
  return { isOneWrite: !(sent instanceof Readable), close };
}

async function sentTo(client: string, answer: Answer, from = bodies) {
  const raw = Object.assign(new EventEmitter(), { destroyed: false });
  const socket = Object.assign(new EventEmitter(), { encrypted: true, destroyed: false });
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
  await send(answer, from, exchange, reply as unknown as FastifyReply);
  // Node keeps the memory of a write until the connection is closed.
  raw.emit('close');
  return { sent, close: () => socket.emit('close') };
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

t.test('a reader who leaves before the first of several ranges takes no large write along', async (t) => {
  const layout = { parts: [{ head: 'a', range: { start: 0, end: 1 } }], tail: 'z' };
  const several = { ...answer, body: { kind: 'parts', representation, layout } } as unknown as Answer;
  for (let i = 0; i < 100; i++) {
    const left = await sentTo('c', several);
    left.close();
    if (left.sent instanceof Readable) for await (const _ of left.sent);
  }
  const other = await writtenTo('c');
  t.ok(other.isOneWrite);
  other.close();
});

t.test('the file of a reader who leaves before the first piece is closed', async (t) => {
  const crowd = [];
  for (let i = 0; i < 100; i++) crowd.push(await writtenTo('d'));
  const file = new Readable({ read() {} });
  const fromFile: Bodies = {
    body: () => ({ kind: 'stream', stream: file, cache: { kind: 'hit', tier: 'disk' } }),
  };
  const left = await sentTo('d', answer, fromFile);
  t.not(left.sent, file, 'it is sent in slices');
  if (left.sent instanceof Readable) left.sent.destroy();
  await once(file, 'close');
  for (const { close } of [left, ...crowd]) close();
});

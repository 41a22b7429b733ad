import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import t from 'tap';
import { send } from '../../../../../edge/serve/answering/send.ts';
import { waitingReader } from '../../../../../edge/serve/answering/waiting-reader.ts';
import { SharedTurns } from '../../../../../edge/serve/bytes/shared-turns.ts';
import { LargeWrites } from '../../../../../edge/serve/connection/large-writes.ts';
import { FastifySink } from '../../../../../edge/serve/fastify-sink.ts';
import type { Openable, Opened, SiteAnswer } from '../../../../../edge/serve/site/site-handler.ts';

const LARGE_WRITES = new LargeWrites();
const MB = 1024 * 1024;
const bytes = Buffer.alloc(MB);
const opening = (opened: Opened): Openable => ({ size: MB, open: () => opened });
const IN_MEMORY = opening({ kind: 'bytes', bytes, cache: { kind: 'hit', tier: 'memory' } });
const answerWith = (representation: Openable): SiteAnswer => ({
  status: 200,
  headers: {},
  body: { kind: 'bytes', representation, range: undefined },
});
const answer = answerWith(IN_MEMORY);

/** What is handed to a reader over TLS who reads nothing: all of it in one write, or slices. */
async function writtenTo(client: string) {
  const { sent, close } = await sentTo(client, answer);
  return { isOneWrite: !(sent instanceof Readable), close };
}

async function sentTo(client: string, answer: SiteAnswer) {
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
  const exchange = { beginBody: () => true, progressed: () => {} };
  const sink = new FastifySink(reply as unknown as FastifyReply, LARGE_WRITES, new SharedTurns());
  await send(answer, { exchange, reader: waitingReader(client, sink), sink });
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
  const layout = { type: '', length: 4, parts: [{ head: 'a', range: { start: 0, end: 2 } }], tail: 'z' };
  const several: SiteAnswer = { ...answer, body: { kind: 'parts', representation: IN_MEMORY, layout } };
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
  const fromFile = opening({ kind: 'stream', stream: file, cache: { kind: 'hit', tier: 'disk' } });
  const left = await sentTo('d', answerWith(fromFile));
  t.not(left.sent, file, 'it is sent in slices');
  if (left.sent instanceof Readable) left.sent.destroy();
  await once(file, 'close');
  for (const { close } of [left, ...crowd]) close();
});

t.test('a response of many small ranges lets other connections have their turn', async (t) => {
  const parts = Array.from({ length: 64 }, (_, start) => ({ head: 'a', range: { start, end: start + 1 } }));
  const layout = { type: '', length: 4, parts, tail: 'z' };
  const { sent, close } = await sentTo('e', {
    ...answer,
    body: { kind: 'parts', representation: IN_MEMORY, layout },
  });
  if (!(sent instanceof Readable)) throw new Error('several ranges are a stream');
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  for await (const _ of sent);
  clearImmediate(timer);
  t.ok(turns >= 10, `${turns} turns`);
  close();
});

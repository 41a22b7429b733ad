import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { FilePieces } from '../../../../../edge/serve/bytes/file-pieces.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { ByteSpan } from '../../../../../shared/store/byte-span.ts';

const PIECE = 32 * 1024;
const bytes = Buffer.from(Array.from({ length: 5 * PIECE + 100 }, (_, i) => i % 251));
const digest = digestOf(bytes);

function world(t: Test) {
  const file = join(t.testdir(), 'object');
  writeFileSync(file, bytes);
  const fd = openSync(file, 'r');
  t.teardown(() => closeSync(fd));
  const pieces = new FilePieces();
  let closed = 0;
  const stream = (range: ByteSpan, ready?: (span: ByteSpan) => Promise<void>) =>
    pieces.stream({
      ...{ digest, size: bytes.length, fd, range, closed: () => closed++ },
      ...(ready && { ready }),
    });
  return { file, pieces, stream, closed: () => closed };
}

const all = { start: 0, end: bytes.length };

t.test('a range is streamed to its last byte, and the file is given back once', async (t) => {
  const { stream, closed } = world(t);
  for (const range of [all, { start: 10, end: 20 }, { start: PIECE - 1, end: 3 * PIECE + 1 }])
    t.ok((await buffer(stream(range))).equals(bytes.subarray(range.start, range.end)));
  t.equal(closed(), 3);
});

t.test('readers of one object share what was read of it, until it is forgotten', async (t) => {
  const { file, pieces, stream } = world(t);
  t.ok((await buffer(stream(all))).equals(bytes));
  // What is sent now has not been read from there.
  writeFileSync(file, Buffer.alloc(bytes.length));
  t.ok((await buffer(stream(all))).equals(bytes));
  const own = { start: 1, end: 9 };
  t.ok((await buffer(stream(own))).equals(Buffer.alloc(8)), 'a piece of one range alone is read for it');
  pieces.forgetAll();
  t.ok((await buffer(stream(all))).equals(Buffer.alloc(bytes.length)));
});

t.test('streams whose pieces are in memory let everything else have its turn', async (t) => {
  const { stream } = world(t);
  await buffer(stream(all));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const read = await Promise.all(Array.from({ length: 100 }, () => buffer(stream(all))));
  clearImmediate(timer);
  t.ok(read.every((body) => body.equals(bytes)));
  t.ok(turns >= 7, `16 MB in ${turns} turns`);
});

t.test('of an object that is coming in each piece is waited for', async (t) => {
  const { pieces, stream } = world(t);
  const first = pieces.firstPiece(all);
  t.strictSame(first, { start: 0, end: PIECE });
  t.strictSame(pieces.firstPiece({ start: PIECE + 5, end: PIECE + 7 }), { start: PIECE + 5, end: PIECE + 7 });
  const waiting: { span: ByteSpan; come: () => void }[] = [];
  const body = stream(all, (span) => new Promise((come) => waiting.push({ span, come })));
  const read = buffer(body);
  let seen = 0;
  while (seen < bytes.length) {
    await new Promise(setImmediate);
    const next = waiting.shift();
    if (next === undefined) continue;
    t.equal(next.span.start, seen);
    seen = next.span.end;
    next.come();
  }
  t.ok((await read).equals(bytes));
});

t.test('a file that is cut off, or an object that does not come, ends the stream', async (t) => {
  const { file, stream, closed } = world(t);
  const broken = stream(all, async () => {
    throw new Error('broken off');
  });
  await t.rejects(buffer(broken), { message: 'broken off' });
  truncateSync(file, 10);
  await t.rejects(buffer(stream(all)), { code: 'no-such-object' });
  t.equal(closed(), 2);
});

t.test('who leaves gives the file back', async (t) => {
  const { stream, closed } = world(t);
  const body = stream(all, () => new Promise(() => {}));
  body.read(0);
  body.destroy();
  await new Promise((resolve) => body.once('close', resolve));
  t.equal(closed(), 1);
});

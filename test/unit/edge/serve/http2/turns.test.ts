import t from 'tap';
import { Turns } from '../../../../../edge/serve/http2/turns.ts';
import { Unread } from '../../../../../edge/serve/http2/unread.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a turn ends after 10 ms, and what waits goes on in its order', async (t) => {
  let now = 0;
  const turns = new Turns(() => now);
  t.notOk(turns.mustWait(0));
  t.notOk(turns.mustWait(10));
  t.ok(turns.mustWait(11));
  await turn();
  t.notOk(turns.mustWait(11), 'another turn');
  const done: number[] = [];
  for (const i of [0, 1, 2])
    turns.wait(() => {
      done.push(i);
      now += 6;
      if (i === 0 && done.length === 1) turns.wait(() => done.push(3));
    });
  t.ok(turns.mustWait(now), 'behind those that wait already');
  await turn();
  t.strictSame(done, [0, 1]);
  await turn();
  t.strictSame(done, [0, 1, 2, 3]);
  t.notOk(turns.mustWait(now));
});

t.test('bytes that wait come back in pieces', (t) => {
  const unread = new Unread();
  const chunks = [10_000, 1, 5000].map((length, i) => Buffer.alloc(length, i));
  for (const chunk of chunks) unread.add(chunk);
  t.equal(unread.bytes, 15_001);
  const pieces: Buffer[] = [];
  for (let piece = unread.next(); piece !== undefined; piece = unread.next()) pieces.push(piece);
  t.strictSame(
    pieces.map(({ length }) => length),
    [4096, 4096, 1808, 1, 4096, 904],
  );
  t.ok(Buffer.concat(pieces).equals(Buffer.concat(chunks)));
  t.equal(unread.bytes, 0);
  t.end();
});

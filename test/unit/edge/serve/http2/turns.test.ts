import t from 'tap';
import { Turns } from '../../../../../edge/serve/connection/turns.ts';
import { Unread } from '../../../../../edge/serve/http2/unread.ts';
import { type SliceWriter, WriteTurns } from '../../../../../edge/serve/http2/write-turns.ts';

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
    turns.wait('a', () => {
      done.push(i);
      now += 6;
      if (i === 0 && done.length === 1) turns.wait('a', () => done.push(3));
    });
  t.ok(turns.mustWait(now), 'behind those that wait already');
  await turn();
  t.strictSame(done, [0, 1]);
  await turn();
  t.strictSame(done, [0, 1, 2, 3]);
  t.notOk(turns.mustWait(now));
});

t.test('a client with one connection comes before the second one of another', async (t) => {
  const turns = new Turns(() => 0);
  const done: string[] = [];
  for (const name of ['a1', 'a2', 'a3', 'b1']) turns.wait(name.charAt(0), () => done.push(name));
  await turn();
  t.strictSame(done, ['a1', 'b1', 'a2', 'a3']);
});

t.test('a turn ends after 512 KB', async (t) => {
  const turns = new Turns(() => 0);
  t.notOk(turns.mustWait(0));
  turns.wrote(600_000);
  t.ok(turns.mustWait(0));
  await turn();
  t.notOk(turns.mustWait(0));
  const done: number[] = [];
  for (const i of [0, 1, 2])
    turns.wait('a', () => {
      done.push(i);
      turns.wrote(300_000);
    });
  await turn();
  t.strictSame(done, [0, 1]);
  await turn();
  t.strictSame(done, [0, 1, 2]);
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

t.test('a connection writes slices in a row before those that wait, but not for ever', async (t) => {
  const turns = new WriteTurns();
  const written: string[] = [];
  const writer = (name: string, slice: number): SliceWriter => ({
    run: 0,
    writeSlice() {
      written.push(name);
      return slice;
    },
  });
  const MB = 1024 * 1024;
  const first = writer('first', MB);
  const second = writer('second', MB);
  const third = writer('third', MB);
  second.run = 2 * MB;
  turns.wait(first);
  turns.wait(second);
  await turn();
  t.strictSame(
    written.splice(0),
    ['first', 'second'],
    'a turn has enough with one of them, and one that waits',
  );
  second.run = 2 * MB;
  third.run = 2 * MB;
  for (const one of [third, second, first]) turns.wait(one);
  await turn();
  t.strictSame(written.splice(0), ['first', 'third']);
  turns.wait(first);
  await turn();
  t.strictSame(written.splice(0), ['second'], 'the run of the first is over');
  await turn();
  t.strictSame(written, ['first']);
});

t.test('newcomers with short bodies do not keep a long one waiting for ever', async (t) => {
  const turns = new WriteTurns();
  let written = 0;
  const MB = 1024 * 1024;
  const long: SliceWriter = { run: 2 * MB, writeSlice: () => ++written };
  for (let i = 0; i < 10; i++) {
    for (let k = 0; k < 2; k++) turns.wait({ run: 0, writeSlice: () => MB });
    if (i === written) {
      long.run = 2 * MB;
      turns.wait(long);
    }
    await turn();
  }
  t.equal(written, 10);
});

t.test('small writes of many connections share a turn', async (t) => {
  const turns = new WriteTurns();
  let written = 0;
  for (let i = 0; i < 100; i++)
    turns.wait({
      run: 0,
      writeSlice() {
        written++;
        return 1000;
      },
    });
  await turn();
  t.equal(written, 100);
});

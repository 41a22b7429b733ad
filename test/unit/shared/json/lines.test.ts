import t from 'tap';
import { lines } from '../../../../shared/json/lines.ts';
import { collect, slices, streamOf } from '../streams.ts';

const split = (text: string, piece: number, most = 1000) =>
  collect(lines(streamOf(slices(Buffer.from(text), piece)), most));

t.test('splits at line feeds, however the bytes come', async (t) => {
  const text = 'first\nzweite größe 🏝\n\nlast\n';
  for (let piece = 1; piece <= Buffer.byteLength(text); piece++) {
    t.same(await split(text, piece), ['first', 'zweite größe 🏝', 'last'], `pieces of ${piece} bytes`);
  }
});

t.test('the last line needs no line feed', async (t) => {
  for (const piece of [1, 3, 100]) t.same(await split('a\nbc', piece), ['a', 'bc']);
});

t.test('empty lines are skipped, and an empty stream has none', async (t) => {
  t.same(await split('\n\n\na\n\n', 2), ['a']);
  t.same(await split('', 1), []);
  t.same(await collect(lines(streamOf([new Uint8Array(0), Buffer.from('a'), new Uint8Array(0)]), 10)), ['a']);
});

t.test('a carriage return is part of its line', async (t) => {
  t.same(await split('a\r\nb', 100), ['a\r', 'b']);
});

t.test('a line of the most bytes passes in pieces, and one byte more does not', async (t) => {
  const line = 'x'.repeat(64);
  t.same(await split(`${line}\n${line}\n`, 7, 64), [line, line]);
  t.same(await split(line, 1, 64), [line]);
  await t.rejects(split(`${line}x`, 1, 64), { code: 'too-large' });
  await t.rejects(split(`a\n${line}x\n`, 1, 64), { code: 'too-large' });
});

t.test('an endless line is refused before it is all read', async (t) => {
  let pieces = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      pieces++;
      yield Buffer.alloc(10, 'x');
    }
  }
  await t.rejects(collect(lines(endless(), 100)), { code: 'too-large' });
  t.equal(pieces, 11);
});

t.test('a line above the most is refused when it comes in one piece with its line feed', async (t) => {
  await t.rejects(split(`${'x'.repeat(65)}\n`, 1000, 64), { code: 'too-large' });
});

t.test('a view into a larger buffer counts as its part alone', async (t) => {
  const whole = Buffer.from('zz\nab\ncd\nzz');
  t.same(await collect(lines(streamOf([new Uint8Array(whole.buffer, whole.byteOffset + 3, 6)]), 10)), [
    'ab',
    'cd',
  ]);
});

t.test('passes on a failure of its source, after the whole lines', async (t) => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a\nhalf');
    throw new Error('gone');
  }
  const seen: string[] = [];
  await t.rejects(
    (async () => {
      for await (const line of lines(failing(), 100)) seen.push(line);
    })(),
    { message: 'gone' },
  );
  t.same(seen, ['a']);
});

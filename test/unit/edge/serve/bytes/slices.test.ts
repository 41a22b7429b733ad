import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { slices, streamOf } from '../../../../../edge/serve/bytes/slices.ts';

t.test('all bytes in order, and a word before each piece', (t) => {
  let taken = 0;
  const pieces = [...slices(Buffer.from('abcdefgh'), 3, () => taken++)];
  t.same(pieces.map(String), ['abc', 'def', 'gh']);
  t.equal(taken, 3);
  t.end();
});

t.test('a stream asks for no more than one piece ahead', async (t) => {
  let taken = 0;
  const stream = streamOf(slices(Buffer.from('abcdefgh'), 2, () => taken++));
  stream.read(0);
  t.equal(taken, 1);
  t.equal(String(await buffer(stream)), 'abcdefgh');
});

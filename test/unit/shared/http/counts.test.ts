import t from 'tap';
import { Counts } from '../../../../shared/http/counts.ts';

t.test('counts by key', async (t) => {
  const counts = new Counts();
  t.equal(counts.of('a'), 0);
  counts.add('a', 2);
  counts.add('b', 1);
  counts.add('a', -1);
  t.strictSame([counts.of('a'), counts.of('b')], [1, 1]);
  counts.add('a', -1);
  t.strictSame([counts.of('a'), counts.of('b')], [0, 1]);
});

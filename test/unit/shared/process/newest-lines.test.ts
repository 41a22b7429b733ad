import t from 'tap';
import { NewestLines } from '../../../../shared/process/newest-lines.ts';

t.test('the newest lines are kept, without the ends of long ones', async (t) => {
  const newest = new NewestLines();
  for (let i = 0; i < 250; i++) newest.add(`line ${i}\n`);
  newest.add('x'.repeat(10_000));
  const lines = newest.list();
  t.equal(lines.length, 200);
  t.equal(lines[0], 'line 51');
  t.equal(lines.at(-1)?.length, 2000);
});

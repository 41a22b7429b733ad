import t from 'tap';
import { taskRounds } from './task-rounds.ts';

// This is a sample. `npm run test:tasks` runs as many tasks as you like, over twelve edges.
t.test('every task ends once, whatever dies meanwhile', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, tasks } = await taskRounds(
    { edges: 2, parents: 1, children: 1, tasks: 4, originKills: 1, longestHarmMs: 500, seed },
    (line) => t.comment(line),
  );
  t.strictSame(faults, []);
  t.ok(tasks >= 4, `${tasks} tasks ended`);
});

import t from 'tap';
import { taskRounds } from '../task-rounds.ts';

// This is a sample: the origin is killed after the first task, and harm comes to the edge after the second.
// `npm run test:tasks` runs as many tasks as you like, over twelve edges.
t.test('every task ends once, whatever dies meanwhile', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, tasks } = await taskRounds(
    { edges: 1, parents: 0, children: 0, tasks: 2, originKills: 1, longestHarmMs: 300, seed },
    (line) => t.comment(line),
  );
  t.strictSame(faults, []);
  t.equal(tasks, 2);
});

import t from 'tap';
import type { ShareRow, TaskRow } from '../../../../origin/catalog/task-calls.ts';
import { findingOf } from '../../../../origin/reconcile/findings.ts';

const NOW = 1_000_000;
const result = (isSound: boolean) =>
  JSON.stringify({ isSound, verified: 0, sites: [], others: { objects: 0, damaged: isSound ? 0 : 3 } });
const share = (isSound: boolean) =>
  ({ task: 7, share: 0, state: 'done', by: 'oslo', result: result(isSound) }) as unknown as ShareRow;
const task = (kind: string, key: string | null = null, args = '{}') =>
  ({ id: 7, kind, args, key }) as unknown as TaskRow;

t.test('damage that is left is found, and what a repair left is repaired later', async (t) => {
  const cases: [what: string, task: TaskRow, wait: number | undefined][] = [
    ['a verification', task('verify'), 0],
    ['a verification that repairs', task('verify', null, '{"repair":true}'), 60_000],
    ['a repair', task('repair', 'repair oslo after 3'), 60_000],
    ['a repair that somebody asked for', task('repair'), 60_000],
    ['a repair after a repair', task('repair', 'repair oslo again after 3'), 600_000],
    ['another kind', task('warm'), undefined],
  ];
  for (const [what, of, wait] of cases) {
    t.equal(findingOf(of, share(false), NOW)?.due, wait === undefined ? undefined : NOW + wait, what);
    t.equal(findingOf(of, share(true), NOW), undefined, `${what} that is sound`);
  }
  t.match(findingOf(task('repair'), share(false), NOW), {
    edge: 'oslo',
    task: 7,
    damaged: 3,
    isRepair: true,
  });
});

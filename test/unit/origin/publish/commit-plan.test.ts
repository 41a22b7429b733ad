import t from 'tap';
import { type CommitPlan, type CommitSituation, planCommit } from '../../../../origin/publish/commit-plan.ts';

const situation = (changes: Partial<CommitSituation>): CommitSituation => ({
  mode: 'async',
  isUnchanged: false,
  isTipPending: false,
  now: false,
  isWindowOpen: false,
  ...changes,
});

t.test('what a commit comes to', async (t) => {
  const async = { mode: 'async' } as const;
  const batch = { mode: 'batch' } as const;
  const byHand = { mode: 'batch', now: true } as const;
  const table: [string, Partial<CommitSituation>, CommitPlan][] = [
    ['async', {}, { kind: 'reveal', activate: async }],
    [
      'async while something waits: it is superseded',
      { isTipPending: true },
      { kind: 'reveal', activate: async },
    ],
    ['async of what waits', { isTipPending: true, isUnchanged: true }, { kind: 'tip', activate: async }],
    ['async of what is live', { isUnchanged: true }, { kind: 'unchanged' }],
    ['async knows no windows', { now: true, isWindowOpen: true }, { kind: 'reveal', activate: async }],
    ['batch', { mode: 'batch' }, { kind: 'reveal', activate: null }],
    ['batch in a window', { mode: 'batch', isWindowOpen: true }, { kind: 'reveal', activate: batch }],
    ['batch by hand', { mode: 'batch', now: true }, { kind: 'reveal', activate: byHand }],
    [
      'batch by hand in a window',
      { mode: 'batch', now: true, isWindowOpen: true },
      { kind: 'reveal', activate: byHand },
    ],
    [
      'batch of what waits',
      { mode: 'batch', isTipPending: true, isUnchanged: true },
      { kind: 'tip', activate: null },
    ],
    [
      'batch of what waits, by hand',
      { mode: 'batch', isTipPending: true, isUnchanged: true, now: true },
      { kind: 'tip', activate: byHand },
    ],
    [
      'batch of what waits, in a window',
      { mode: 'batch', isTipPending: true, isUnchanged: true, isWindowOpen: true },
      { kind: 'tip', activate: batch },
    ],
    ['batch of what is live', { mode: 'batch', isUnchanged: true, now: true }, { kind: 'unchanged' }],
    ['sync', { mode: 'sync' }, { kind: 'prepare' }],
    [
      'sync of what waits: nobody was told to prepare it',
      { mode: 'sync', isTipPending: true, isUnchanged: true },
      { kind: 'prepare' },
    ],
    ['sync of what is live', { mode: 'sync', isUnchanged: true }, { kind: 'unchanged' }],
  ];
  for (const [name, changes, plan] of table) t.strictSame(planCommit(situation(changes)), plan, name);
});

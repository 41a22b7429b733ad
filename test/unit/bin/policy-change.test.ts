import t from 'tap';
import { policyChange } from '../../../bin/commands/sites-set.ts';
import { changedPolicy, DEFAULT_POLICY, type PolicyChange } from '../../../shared/site/site-policy.ts';

t.test('flags of `sites set` as a change', async (t) => {
  const window = DEFAULT_POLICY.batch.window;
  const table: [string, Parameters<typeof policyChange>[0], PolicyChange][] = [
    ['none', {}, {}],
    ['a mode', { mode: 'sync' }, { mode: 'sync' }],
    ['all', { all: true }, { sync: { require: 'all' } }],
    ['a quorum', { quorum: 2, timeout: 5 }, { sync: { require: { quorum: 2 }, timeout: 5 } }],
    [
      'failures',
      { onFailure: 'degrade', withoutLease: 'refuse' },
      { sync: { onFailure: 'degrade', withoutLease: 'refuse' } },
    ],
    [
      'a time zone alone',
      { timezone: 'Europe/Oslo' },
      { batch: { window: { ...window, timezone: 'Europe/Oslo' } } },
    ],
    ['no cap', { rate: null }, { batch: { rate: null } }],
    ['a cap', { rate: 2048 }, { batch: { rate: 2048 } }],
    ['the past', { keepRevisions: 3, keepDays: 0 }, { retention: { revisions: 3, days: 0 } }],
  ];
  for (const [name, flags, change] of table) {
    const made = policyChange(flags, DEFAULT_POLICY);
    t.strictSame(made, change, name);
    t.doesNotThrow(() => changedPolicy(DEFAULT_POLICY, made));
  }
});

import t from 'tap';
import { schema } from '../../../../shared/json/schema.ts';
import {
  changedPolicy,
  DEFAULT_POLICY,
  type PolicyChange,
  policyChangeSchema,
  type SitePolicy,
  sitePolicySchema,
} from '../../../../shared/site/site-policy.ts';

const { sync, batch, retention } = DEFAULT_POLICY;
const weekly = { cron: '0 4 * * 1', timezone: 'Europe/Oslo', minutes: 30 };

t.test('what is given replaces what was, the rest stays', async (t) => {
  const table: [PolicyChange, Partial<SitePolicy>][] = [
    [{}, {}],
    [{ mode: 'sync' }, { mode: 'sync' }],
    [{ sync: { timeout: 5 } }, { sync: { ...sync, timeout: 5 } }],
    [{ sync: { require: { quorum: 2 } } }, { sync: { ...sync, require: { quorum: 2 } } }],
    [{ batch: { window: weekly } }, { batch: { ...batch, window: weekly } }],
    [{ batch: { rate: 5000 } }, { batch: { ...batch, rate: 5000 } }],
    [{ retention: { days: 0 } }, { retention: { ...retention, days: 0 } }],
    [
      { mode: 'batch', sync: { onFailure: 'degrade' }, retention: { revisions: 1 } },
      {
        mode: 'batch',
        sync: { ...sync, onFailure: 'degrade' },
        retention: { ...retention, revisions: 1 },
      },
    ],
  ];
  for (const [change, expected] of table) {
    const before = structuredClone(DEFAULT_POLICY);
    t.strictSame(changedPolicy(before, change), { ...DEFAULT_POLICY, ...expected }, JSON.stringify(change));
    t.strictSame(before, DEFAULT_POLICY, 'the policy before is untouched');
  }
});

t.test('changes add up, and can be taken back', async (t) => {
  const fast = changedPolicy(DEFAULT_POLICY, { batch: { rate: 5000 } });
  const both = changedPolicy(fast, { batch: { window: weekly } });
  t.strictSame(both.batch, { window: weekly, rate: 5000 });
  t.strictSame(changedPolicy(both, { batch: { rate: null, window: batch.window } }), DEFAULT_POLICY);
});

t.test('the schedule must be one', async (t) => {
  for (const window of [
    { ...weekly, cron: '0 4 * *' },
    { ...weekly, cron: '61 4 * * *' },
    { ...weekly, cron: '0 0 30 2 *' },
    { ...weekly, timezone: 'Europe/Nowhere' },
  ])
    t.throws(
      () => changedPolicy(DEFAULT_POLICY, { batch: { window } }),
      { code: 'bad-schedule' },
      JSON.stringify(window),
    );
});

t.test('edges that refuse without a lease need time', async (t) => {
  const table: [before: PolicyChange, change: PolicyChange, isTaken: boolean][] = [
    [{}, { sync: { withoutLease: 'refuse' } }, true],
    [{}, { sync: { withoutLease: 'refuse', timeout: 10 } }, true],
    [{}, { sync: { withoutLease: 'refuse', timeout: 9.9 } }, false],
    [{}, { sync: { timeout: 1 } }, true],
    [{ sync: { timeout: 5 } }, { sync: { withoutLease: 'refuse' } }, false],
    [{ sync: { withoutLease: 'refuse' } }, { sync: { timeout: 5 } }, false],
    [{ sync: { withoutLease: 'refuse' } }, { sync: { timeout: 5, withoutLease: 'serve' } }, true],
    [{ sync: { withoutLease: 'refuse' } }, { mode: 'async' }, true],
  ];
  for (const [first, change, isTaken] of table) {
    const policy = changedPolicy(DEFAULT_POLICY, first);
    const name = `${JSON.stringify(first)} ${JSON.stringify(change)}`;
    if (isTaken) t.doesNotThrow(() => changedPolicy(policy, change), name);
    else t.throws(() => changedPolicy(policy, change), { code: 'bad-policy' }, name);
  }
});

t.test('the schemas', async (t) => {
  const policies = schema(sitePolicySchema);
  const changes = schema(policyChangeSchema);
  t.strictSame(policies.parse(DEFAULT_POLICY), DEFAULT_POLICY, 'take the default');
  for (const change of [
    { mode: 'never' },
    { more: 1 },
    { sync: { more: 1 } },
    { sync: { require: 'some' } },
    { sync: { require: { quorum: 0 } } },
    { sync: { require: { quorum: 1, more: 1 } } },
    { sync: { timeout: 0.5 } },
    { sync: { timeout: 3601 } },
    { batch: { rate: 1023 } },
    { batch: { rate: 5000.5 } },
    { batch: { window: { ...weekly, minutes: 0 } } },
    { batch: { window: { ...weekly, minutes: 1441 } } },
    { batch: { window: { cron: weekly.cron } } },
    { retention: { revisions: 0 } },
    { retention: { days: -1 } },
  ])
    t.throws(() => changes.parse(change), { code: 'bad-request' }, JSON.stringify(change));
});

import t from 'tap';
import { nextStep, type Step, targetOf } from '../../../../../edge/follow/sync/next-step-plan.ts';
import type { EdgeSite } from '../../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import type { EdgeLimits } from '../../../../../shared/wire/protocol.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { activation, edgeSite } from '../../edge-site.ts';

const at = (time: string) => Date.parse(`2026-05-01T${time}Z`);
const NOON = at('12:00');
const nightly = { cron: '0 3 * * *', timezone: 'UTC', minutes: 60 };
const aroundNoon = { cron: '30 11 * * *', timezone: 'UTC', minutes: 60 };
const policyWith = (window: typeof nightly, rate: number | null = null) => ({
  ...DEFAULT_POLICY,
  batch: { window, rate },
});
const proposal = { revision: 2, root: digestOf('2'), seq: 20, files: 1 };
const rest = (until: number | null = null): Step => ({ kind: 'rest', until });
const sync = (milestone: ReturnType<typeof activation>, more: Partial<Step> = {}) =>
  ({ kind: 'sync', milestone, closes: null, rate: null, ...more }) as Step;

t.test('what a site does next', async (t) => {
  const two = activation(2);
  const batch = activation(2, { mode: 'batch' });
  const NEXT_NIGHT = at('03:00') + 86_400_000;
  const table: [name: string, site: Partial<EdgeSite>, limits: Partial<EdgeLimits>, expected: Step][] = [
    ['nothing', {}, {}, rest()],
    ['a newer revision', { activations: [two] }, {}, sync(two)],
    ['the newest wins', { activations: [two, activation(3)] }, {}, sync(activation(3))],
    ['the same revision again', { activations: [activation(1)] }, {}, rest()],
    ['another site is wanted', { activations: [two] }, { sites: ['blog'] }, rest()],
    ['this site is wanted', { activations: [two] }, { sites: ['blog', 'docs'] }, sync(two)],

    [
      'one from an origin whose clock was ahead',
      { activations: [activation(2, { time: NOON + 86_400_000 })] },
      {},
      sync(activation(2, { time: NOON + 86_400_000 })),
    ],
    ['a delay', { activations: [activation(2, { time: NOON - 1000 })] }, { delay: 60 }, rest(NOON + 59_000)],
    [
      'a delay that is over',
      { activations: [activation(2, { time: NOON - 60_000 })] },
      { delay: 60 },
      sync(activation(2, { time: NOON - 60_000 })),
    ],
    [
      'an older one that is due, and a newer one that is not',
      { activations: [activation(2, { time: NOON - 60_000 }), activation(3, { time: NOON })] },
      { delay: 60 },
      sync(activation(2, { time: NOON - 60_000 })),
    ],

    ['a schedule that is closed', { activations: [two] }, { schedule: nightly }, rest(NEXT_NIGHT)],
    [
      'a schedule that is open',
      { activations: [two] },
      { schedule: aroundNoon },
      sync(two, { closes: at('12:30') }),
    ],
    [
      'a batch window that is closed',
      { activations: [batch], policy: policyWith(nightly) },
      {},
      rest(NEXT_NIGHT),
    ],
    [
      'a batch window that is open',
      { activations: [batch], policy: policyWith(aroundNoon, 5000) },
      {},
      sync(batch, { closes: at('12:30'), rate: 5000 }),
    ],
    [
      'a window opened by hand',
      { activations: [activation(2, { mode: 'batch', now: true })], policy: policyWith(nightly, 5000) },
      {},
      sync(activation(2, { mode: 'batch', now: true }), { rate: 5000 }),
    ],
    [
      'the earlier of two closings',
      { activations: [batch], policy: policyWith({ ...aroundNoon, minutes: 40 }) },
      { schedule: aroundNoon },
      sync(batch, { closes: at('12:10') }),
    ],
    [
      'the earlier of two closings, the other way round',
      { activations: [batch], policy: policyWith(aroundNoon) },
      { schedule: { ...aroundNoon, minutes: 40 } },
      sync(batch, { closes: at('12:10') }),
    ],
    [
      'an asynchronous one under a batch that waits',
      { activations: [two, activation(3, { mode: 'batch' })], policy: policyWith(nightly) },
      {},
      sync(two),
    ],
    [
      'prepared: nothing is fetched, so no window is waited for',
      { activations: [batch], policy: policyWith(nightly), staging: 2, prepared: 2 },
      {},
      sync(batch),
    ],

    [
      'of several that wait, the one that is due first',
      {
        activations: [activation(2, { mode: 'batch' }), activation(3, { time: NOON })],
        policy: policyWith(nightly),
      },
      { delay: 60 },
      rest(NOON + 60_000),
    ],
    [
      'a window that is open on an edge whose schedule is closed',
      { activations: [batch], policy: policyWith(aroundNoon) },
      { schedule: nightly },
      rest(NEXT_NIGHT),
    ],
    [
      'a window that is closed on an edge whose schedule is open',
      { activations: [batch], policy: policyWith(nightly) },
      { schedule: aroundNoon },
      rest(NEXT_NIGHT),
    ],
    [
      'a window opened by hand waits for the schedule of the edge',
      { activations: [activation(2, { mode: 'batch', now: true })] },
      { schedule: nightly },
      rest(NEXT_NIGHT),
    ],
    [
      'a site of batches takes an asynchronous one at once',
      { activations: [two], policy: policyWith(nightly) },
      {},
      sync(two),
    ],
    ['what is shown, activated again after another', { activations: [two, activation(1)] }, {}, rest()],
    [
      'nothing from before what is shown',
      { activations: [two, activation(1), activation(3, { mode: 'batch' })], policy: policyWith(nightly) },
      {},
      rest(NEXT_NIGHT),
    ],
    [
      'prepared, but kept behind',
      { activations: [activation(2, { time: NOON })], staging: 2, prepared: 2 },
      { delay: 60 },
      rest(NOON + 60_000),
    ],
    [
      'a superseded one that is half staged',
      { activations: [two, activation(3)], staging: 2 },
      {},
      sync(activation(3)),
    ],

    ['a proposal', { proposal }, {}, { kind: 'prepare', milestone: proposal }],
    [
      'a proposal that is half staged',
      { proposal, staging: 2 },
      {},
      { kind: 'prepare', milestone: proposal },
    ],
    [
      'a proposal while a batch waits',
      { proposal: { ...proposal, revision: 3 }, activations: [batch], policy: policyWith(nightly) },
      {},
      { kind: 'prepare', milestone: { ...proposal, revision: 3 } },
    ],
    [
      'what is live before what is proposed',
      { proposal: { ...proposal, revision: 3 }, activations: [two] },
      {},
      sync(two),
    ],
    ['a proposal that was passed', { proposal: { ...proposal, revision: 1 } }, {}, rest()],
    ['a proposal of another site', { proposal }, { sites: ['blog'] }, rest()],
    ['a proposal that is prepared', { proposal, staging: 2, prepared: 2 }, {}, rest()],
    ['no proposal for delayed edges', { proposal }, { delay: 1 }, rest()],
    ['no proposal for scheduled edges', { proposal }, { schedule: aroundNoon }, rest()],
    ['what was staged and aborted', { staging: 2, prepared: 2 }, {}, { kind: 'forget', revision: 2 }],
    [
      'what is staged for a window that has closed stays',
      { activations: [batch], policy: policyWith(nightly), staging: 2 },
      {},
      rest(NEXT_NIGHT),
    ],

    ['a wider filter', { covers: { prefixes: ['a/'], pinned: null } }, {}, { kind: 'cover' }],
    ['a narrower filter', {}, { prefixes: ['a/'] }, { kind: 'cover' }],
    [
      'a filter before anything is shown',
      { active: { revision: 0, root: null, seq: 0, files: null } },
      { prefixes: ['a/'] },
      rest(),
    ],
    [
      'what was aborted before the filter',
      { covers: { prefixes: ['a/'], pinned: null }, staging: 2 },
      {},
      { kind: 'forget', revision: 2 },
    ],
    ['lazy storage', {}, { storage: 'lazy' }, { kind: 'cover' }],
    ['the same pins', { covers: { prefixes: null, pinned: [] } }, { storage: 'lazy' }, rest()],
    [
      'other pins',
      { covers: { prefixes: null, pinned: [] }, policy: { ...DEFAULT_POLICY, pinned: ['/a'] } },
      { storage: 'lazy' },
      { kind: 'cover' },
    ],
    ['full storage again', { covers: { prefixes: null, pinned: [] } }, {}, { kind: 'cover' }],
    ['the same filter', { covers: { prefixes: ['a/'], pinned: null } }, { prefixes: ['a/'] }, rest()],
    [
      'a new revision before the filter',
      { covers: { prefixes: ['a/'], pinned: null }, activations: [two] },
      {},
      sync(two),
    ],
  ];
  for (const [name, site, limits, expected] of table) {
    t.strictSame(nextStep(edgeSite(site), { ...NO_LIMITS, ...limits }, false, NOON), expected, name);
    t.strictSame(
      nextStep(edgeSite(site), { ...NO_LIMITS, ...limits }, true, NOON),
      rest(),
      `${name}, paused`,
    );
  }
});

t.test('what needs a time waits until it is known', async (t) => {
  const at = (site: Partial<EdgeSite>, limits: Partial<EdgeLimits>) =>
    nextStep(edgeSite(site), { ...NO_LIMITS, ...limits }, false, null);
  const two = activation(2);
  const batch = activation(2, { mode: 'batch' });
  t.strictSame(at({ activations: [two] }, { delay: 1 }), rest());
  t.strictSame(at({ activations: [two] }, { schedule: nightly }), rest());
  t.strictSame(at({ activations: [batch] }, {}), rest());
  t.strictSame(at({ activations: [two] }, {}), sync(two));
  t.strictSame(at({ activations: [batch], staging: 2, prepared: 2 }, {}), sync(batch));
  t.strictSame(at({ activations: [two, batch] }, { delay: 1 }), rest());
});

t.test('a step changes at the very moment', async (t) => {
  const batch = edgeSite({ activations: [activation(2, { mode: 'batch' })], policy: policyWith(aroundNoon) });
  const delayed = edgeSite({ activations: [activation(2, { time: NOON })] });
  const at = (site: EdgeSite, now: number, limits: Partial<EdgeLimits> = {}) =>
    nextStep(site, { ...NO_LIMITS, ...limits }, false, now).kind;
  const opens = Date.parse('2026-05-01T11:30Z');
  const closes = opens + 60 * 60_000;
  t.strictSame(
    [opens - 1, opens, closes - 1, closes].map((now) => at(batch, now)),
    ['rest', 'sync', 'sync', 'rest'],
  );
  t.strictSame(
    [NOON + 59_999, NOON + 60_000].map((now) => at(delayed, now, { delay: 60 })),
    ['rest', 'sync'],
  );
});

t.test('the target is what the log asks for last', async (t) => {
  t.equal(targetOf(edgeSite()), 1);
  t.equal(targetOf(edgeSite({ activations: [activation(2), activation(5)] })), 5);
});

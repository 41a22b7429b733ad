import t from 'tap';
import {
  type Health,
  type HealthState,
  judge,
  type Observed,
  THRESHOLDS,
} from '../../../../origin/fleet/health-state.ts';
import type { EdgeUse } from '../../../../shared/wire/protocol.ts';

const SECOND = 1000;
const use = (changes: Partial<EdgeUse> = {}): EdgeUse => ({
  ...{ contactSeconds: 1, disk: { free: 50, total: 100 }, memory: 1, cpu: 1, files: { open: 1, most: 100 } },
  ...{ requests: 0, errors: 0, misses: 0, sites: [] },
  ...changes,
});
const seen = (changes: Partial<Observed> = {}): Observed => ({
  ...{ now: 0, isOnline: true, isRevoked: false, isDrained: false, isPaused: false, diverged: null },
  ...{ silentSeconds: 1, delay: 0, sites: [], use: use() },
  ...{ isPruned: false, errorRatio: null, bytesPerSecond: null, rate: null, clockOffset: null, fault: null },
  ...changes,
});
const site = (lagSeconds: number, error: string | null = null) => ({
  name: 'docs',
  lagSeconds,
  bytes: 7,
  error,
});

t.test('one look', async (t) => {
  const diverged = { position: 9, head: 7 };
  const table: [string, Partial<Observed>, HealthState, RegExp | null][] = [
    ['all is well', {}, 'online', null],
    ['it has told nothing of its use', { use: null }, 'online', null],
    ['it is a little behind', { sites: [site(29)] }, 'online', null],
    [
      'it is behind',
      { sites: [site(1), site(30), site(90)] },
      'lagging',
      /docs \(and 1 more\) is 90 s behind: 14 bytes/,
    ],
    ['it is behind on purpose', { delay: 60, sites: [site(80)] }, 'online', null],
    ['it is further behind than on purpose', { delay: 60, sites: [site(95)] }, 'lagging', /95 s behind/],
    ['it waits for windows', { delay: null, sites: [site(9000)] }, 'online', null],
    [
      'it is paused and behind',
      { isPaused: true, sites: [site(200)] },
      'lagging',
      /3 min behind: the edge is paused/,
    ],
    ['a site fails', { sites: [site(90, 'no room')] }, 'degraded', /docs makes no progress: no room/],
    ['its disk is full', { use: use({ disk: { free: 5, total: 100 } }) }, 'degraded', /disk is 95 % full/],
    [
      'its files run out',
      { use: use({ files: { open: 90, most: 100 } }) },
      'degraded',
      /90 % of its file desc/,
    ],
    ['it hears nothing', { use: use({ contactSeconds: 45 }) }, 'degraded', /upstream for 45 s/],
    ['it is gone', { isOnline: false, silentSeconds: 7200 }, 'offline', /no report for 2 h/],
    ['it never came', { isOnline: false, silentSeconds: null }, 'offline', /not reported yet/],
    [
      'it is gone and its disk was full',
      { isOnline: false, use: use({ disk: { free: 0, total: 1 } }) },
      'offline',
      /no report/,
    ],
    [
      'it is drained and full',
      { isDrained: true, use: use({ disk: { free: 0, total: 1 } }) },
      'drained',
      /operator/,
    ],
    [
      'it is drained and gone',
      { isDrained: true, isOnline: false },
      'drained',
      /elsewhere, and no report for 1 s/,
    ],
    ['it is diverged', { diverged, isDrained: true, isOnline: false }, 'diverged', /up to 9.*ends at 7/],
    ['it is revoked', { isRevoked: true, diverged }, 'offline', /revoked/],
  ];
  for (const [name, changes, state, reason] of table) {
    const health = judge(undefined, seen(changes));
    t.equal(health.state, state, name);
    if (reason === null) t.equal(health.reason, null, name);
    else t.match(health.reason, reason, name);
  }
});

/** Looks every five seconds, and gives the state after each look. */
function states(looks: readonly Partial<Observed>[], every = 5): HealthState[] {
  let health: Health | undefined;
  return looks.map((changes, i) => {
    health = judge(health, seen({ now: i * every * SECOND, ...changes }));
    return health.state;
  });
}

t.test('a worse state begins at once, and is left when the edge has been better for a while', async (t) => {
  const [late, well, gone] = [{ sites: [site(40)] }, {}, { isOnline: false }];
  t.strictSame(states([well, late, well, well, well, well, well]), [
    ...(['online', 'lagging', 'lagging', 'lagging', 'lagging', 'online', 'online'] as const),
  ]);
  t.strictSame(
    states([late, well, well, late, well, well, well, well]),
    ['lagging', 'lagging', 'lagging', 'lagging', 'lagging', 'lagging', 'lagging', 'online'],
    'a relapse begins the while anew',
  );
  t.strictSame(states([late, gone, late, late, late, late]), [
    ...(['lagging', 'offline', 'offline', 'offline', 'offline', 'lagging'] as const),
  ]);
  t.strictSame(
    states([late, { isDrained: true }, well]),
    ['lagging', 'drained', 'online'],
    'a fact ends at once',
  );
});

t.test('a bound that was crossed is left further inside', async (t) => {
  const lag = (...seconds: number[]) => states(seconds.map((of) => ({ sites: [site(of)] })));
  t.strictSame(lag(31, 29, 29, 29, 29, 29), Array(6).fill('lagging'));
  t.strictSame(lag(29, 29), ['online', 'online']);
  t.equal(lag(31, 9, 9, 9, 9).at(-1), 'online');
});

t.test('an old judgement says nothing about the present', async (t) => {
  t.strictSame(states([{ isOnline: false }, {}], THRESHOLDS.staleMs / SECOND + 1), ['offline', 'online']);
});

t.test('the part of errors that was crossed is left further inside', async (t) => {
  const ratios = (...of: number[]) => states(of.map((errorRatio) => ({ errorRatio })));
  t.strictSame(ratios(0.04, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03), ['online', ...Array(6).fill('degraded')]);
  t.equal(ratios(0.05, 0.01, 0.01, 0.01, 0.01).at(-1), 'online');
});

t.test('why an edge lags', async (t) => {
  const late = (bytes: number) => ({ sites: [{ name: 'docs', lagSeconds: 60, bytes, error: null }] });
  const fault = { code: 'corrupt-object', message: 'it is wrong' };
  const disk = (free: number) => use({ disk: { free, total: 1e12 } });
  const table: [changes: Partial<Observed>, trouble: string, reason: RegExp][] = [
    [{ ...late(5e6), isPaused: true, fault }, 'paused', /paused/],
    [
      { ...late(5e9), use: use({ disk: { free: 3e9, total: 1e10 } }) },
      'disk',
      /5000.0 MB are still.*3000.0 MB left/,
    ],
    [{ ...late(5e6), use: disk(9e11), fault }, 'errors', /upstream fails with corrupt-object: it is wrong/],
    [{ ...late(5e6), use: null }, 'bandwidth', /5.0 MB are still to come$/],
    [{ ...late(5e6), use: null, bytesPerSecond: 0 }, 'bandwidth', /nothing has come for a while/],
    [
      { ...late(5e6), use: null, bytesPerSecond: 99_000, rate: 1e5 },
      'bandwidth',
      /at 99.0 kB each second; --rate allows 100.0 kB/,
    ],
    [{ ...late(0), clockOffset: 9000 }, 'clock', /the clock is 9 s ahead: correct its clock/],
    [{ ...late(0), clockOffset: 900 }, 'switching', /does not show them yet/],
  ];
  for (const [changes, trouble, reason] of table) {
    const health = judge(undefined, seen(changes));
    t.match({ ...health }, { state: 'lagging', trouble });
    t.match(health.reason, reason);
  }
});

t.test('a disk that stays nearly full although old data was deleted is an alarm of its own', async (t) => {
  const full = (free: number, isPruned: boolean) => ({ use: use({ disk: { free, total: 100 } }), isPruned });
  t.match(judge(undefined, seen(full(9, false))), { state: 'online' });
  t.match(judge(undefined, seen(full(9, true))), { state: 'degraded', trouble: 'pruned-disk' });
  t.match(judge(undefined, seen(full(4, true))), { state: 'degraded', trouble: 'pruned-disk' });
  t.strictSame(
    states([
      full(10, true),
      full(11, true),
      ...Array(4).fill(full(11.5, true)),
      ...Array(4).fill(full(13, true)),
    ]),
    [...Array(9).fill('degraded'), 'online'],
  );
});

t.test('an edge that reports for the first time is online at once', async (t) => {
  const joined = judge(undefined, seen({ isOnline: false, silentSeconds: null }));
  t.match(joined, { state: 'offline', reason: /not reported yet/ });
  t.match(judge(joined, seen({ now: SECOND })), { state: 'online', reason: null });
  const away = judge(undefined, seen({ isOnline: false, silentSeconds: 60 }));
  t.match(judge(away, seen({ now: SECOND })), { state: 'offline' }, 'others have to be better for a while');
});

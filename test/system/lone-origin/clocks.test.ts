import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import { NO_LIMITS } from '../../../shared/wire/protocol.ts';
import { InnerEdge } from '../../helpers/inner-edge.ts';
import { type LoneOrigin, loneOrigin } from '../../helpers/lone-origin.ts';
import { type WrongClock, wrongClock } from '../../helpers/turned-clock.ts';
import { until } from '../../helpers/until.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** What an edge may be wrong by here: far less than any clock is, and more than a busy machine delays an answer by. */
const CLOSE_MS = 20_000;
const NOWHERE = 'http://127.0.0.1:1';

interface TurnedEdge {
  readonly edge: InnerEdge;
  readonly clock: WrongClock;
  /** The revision that readers see. */
  shown(site: string): number;
  /** What its serving processes take the time for. */
  time(): number;
  start(url?: string): Promise<void>;
}

/** An edge whose clock is wrong; its proofs of who calls are made by the right one, for they are tried elsewhere. */
async function turnedEdge(
  t: Test,
  origin: LoneOrigin,
  name: string,
  wrong: number,
  limits: Partial<EdgeLimits> = {},
): Promise<TurnedEdge> {
  const clock = wrongClock(origin.clock, wrong);
  const log = pino({ level: 'silent' });
  const parts = { name, clock, callClock: origin.clock, log, encodings: undefined, shown: () => {} };
  const { token } = await origin.client.createToken({ scope: 'join', edge: name });
  const edge = await InnerEdge.join(parts, origin.url, token);
  t.teardown(() => edge.remove());
  const start = (url = origin.url) => edge.start([url], { ...NO_LIMITS, ...limits });
  await start();
  return {
    edge,
    clock,
    shown: (site) => edge.views.find((view) => view.name === site)?.revision ?? 0,
    time: () => origin.clock.monotonic() + edge.ahead,
    start,
  };
}

const statusOf = async ({ client }: LoneOrigin, { edge }: TurnedEdge) =>
  (await client.edges()).find(({ name }) => name === edge.name);

const shows = (some: readonly TurnedEdge[], site: string, revision: number) =>
  until(`${site}@${revision}`, () => some.every((one) => one.shown(site) >= revision));

/** Resolves when the edges have taken in the whole log. */
const caughtUp = async ({ client }: LoneOrigin, some: readonly TurnedEdge[]) => {
  const { seq } = (await client.status()).origin;
  await until('the log', () => some.every(({ edge }) => (edge.catalog.chain()?.seq ?? 0) >= seq));
};

/** Puts the time forward; what waits looks at it when the log has moved, for its timers are real. */
const advance = async (origin: LoneOrigin, ms: number) => {
  origin.clock.advance(ms);
  await origin.client.putSite('moves-the-log', { domains: [`d${origin.clock.now()}.test`] });
};

/** Of a sync publish: who shows it. */
const syncStates = async (origin: LoneOrigin, site: string, content: string) => {
  const { status, body } = await origin.put(site, 'f', content, 'sync');
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body.edges as { edge: string; state: string }[]).map(({ edge, state }) => `${edge} ${state}`);
};

t.test('edges whose clocks are wrong show what those show whose clocks are right', async (t) => {
  const origin = await loneOrigin(t);
  const opens = Math.ceil(origin.clock.now() / HOUR) * HOUR + HOUR;
  const window = { cron: `0 ${new Date(opens).getUTCHours()} * * *`, timezone: 'UTC', minutes: 30 };
  for (const site of ['async', 'sync']) await origin.client.putSite(site);
  await origin.client.putSite('batch', { policy: { mode: 'batch', batch: { window } } });
  const wrongs = [-2 * DAY, -4 * MINUTE, 2 * MINUTE, 2 * DAY];
  const of = (kind: string, limits: Partial<EdgeLimits> = {}) =>
    Promise.all(wrongs.map((wrong, i) => turnedEdge(t, origin, `${kind}-${i}`, wrong, limits)));
  const [plain, delayed, scheduled] = await Promise.all([
    of('plain'),
    of('delayed', { delay: 600 }),
    of('scheduled', { schedule: window }),
  ]);
  const all = [...plain, ...delayed, ...scheduled];

  await origin.put('async', 'a.0123abcd.js', '1');
  await shows(plain, 'async', 1);
  t.strictSame(
    await syncStates(origin, 'sync', '1'),
    plain.map((_, i) => `plain-${i} visible`),
    'sync publishes are confirmed by all',
  );
  await origin.put('async', 'b', '2');
  await shows(plain, 'async', 2);
  const former = plain.map(({ edge }) => edge.views.find(({ name }) => name === 'async')?.former.revisions);
  for (const [revision] of former.map((some = []) => some)) {
    t.equal(revision?.revision, 1);
    const left = (revision?.until ?? 0) - origin.clock.now();
    t.ok(Math.abs(left - DAY) < 30_000, `former assets answer for a day: ${left}`);
  }
  await origin.put('batch', 'f', '1');
  await caughtUp(origin, all);
  for (const one of all) {
    const off = one.time() - origin.clock.now();
    t.ok(Math.abs(off) < CLOSE_MS, `${one.edge.name}: signed URLs expire in time: ${off}`);
  }
  await until('their offsets', async () =>
    (await Promise.all(all.map((one) => statusOf(origin, one)))).every(
      (status, i) => Math.abs((status?.clockOffset ?? 0) - (wrongs[i % wrongs.length] ?? 0)) < CLOSE_MS,
    ),
  );
  const seen = () => all.map((one) => ['async', 'batch'].map(one.shown).join());
  const everywhere = (a: string, b: string, c: string) => [
    ...wrongs.map(() => a),
    ...wrongs.map(() => b),
    ...wrongs.map(() => c),
  ];
  t.strictSame(seen(), everywhere('2,0', '0,0', '0,0'), 'nothing is shown before its time');

  await advance(origin, 9 * MINUTE);
  await origin.put('async', 'c', '3');
  await shows(plain, 'async', 3);
  await caughtUp(origin, all);
  t.strictSame(seen(), everywhere('3,0', '0,0', '0,0'), 'nor a minute before it');
  await advance(origin, MINUTE + CLOSE_MS);
  await shows(delayed, 'async', 2);
  t.strictSame(seen(), everywhere('3,0', '2,0', '0,0'), 'delayed edges stay behind by their delay');

  await advance(origin, opens - origin.clock.now() + CLOSE_MS);
  await shows([...plain, ...scheduled], 'batch', 1);
  await shows(scheduled, 'async', 3);
  t.strictSame(
    wrongs.map((_, i) => delayed[i]?.shown('batch')),
    wrongs.map(() => 0),
  );
});

t.test('a clock that jumps while the edge runs', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite('s');
  const one = await turnedEdge(t, origin, 'e', 0);
  const online = () => until('a lease', async () => (await statusOf(origin, one))?.online);
  await online();
  let revision = 0;
  for (const jump of [HOUR, -HOUR, -2 * DAY, 2 * DAY, 0]) {
    one.clock.set(jump);
    await origin.put('s', 'f', `async ${jump}`);
    await shows([one], 's', ++revision);
    t.strictSame(await syncStates(origin, 's', `sync ${jump}`), ['e visible'], `${jump / MINUTE} min`);
    revision++;
    t.ok(Math.abs(one.time() - origin.clock.now()) < CLOSE_MS);
  }

  // Its next start goes on with reports younger than those of before, whatever its clock says.
  for (const jump of [HOUR, -HOUR]) {
    one.clock.set(jump);
    await until('the offset to be kept', () => Math.abs(one.edge.catalog.clockOffset() - jump) < CLOSE_MS);
    await one.edge.stop();
    await one.start(NOWHERE);
    t.ok(Math.abs(one.time() - origin.clock.now()) < CLOSE_MS, 'the time is known without the origin');
    await one.edge.stop();
    one.clock.set(-jump);
    await one.start();
    await online();
    t.strictSame(await syncStates(origin, 's', `restarted ${jump}`), ['e visible'], 'a lease is not lost');
  }
});

t.test('an origin whose clock was a year ahead for a while', async (t) => {
  const origin = await loneOrigin(t);
  await origin.client.putSite('s');
  const plain = await turnedEdge(t, origin, 'plain', 0);
  const delayed = await turnedEdge(t, origin, 'delayed', 0, { delay: 600 });
  await origin.put('s', 'a.0123abcd.js', '1');
  await shows([plain], 's', 1);

  origin.clock.set(YEAR);
  await origin.put('s', 'f', '2');
  await shows([plain], 's', 2);
  await shows([delayed], 's', 1);
  t.pass('what is delayed shows early');
  origin.clock.set(0);
  for (const { edge, time } of [plain, delayed])
    await until(`${edge.name} to follow`, () => Math.abs(time() - origin.clock.now()) < CLOSE_MS);
  await until('no asset to answer for a year', () => {
    const [former] = plain.edge.views[0]?.former.revisions ?? [];
    return (former?.until ?? YEAR * 100) < origin.clock.now() + 2 * DAY;
  });
  await until('the record to be of now', () =>
    delayed.edge.catalog
      .sites()
      .every(({ activations }) => activations.every(({ time }) => time <= origin.clock.now() + CLOSE_MS)),
  );
  t.equal(delayed.shown('s'), 1);
  t.strictSame(await syncStates(origin, 's', '3'), ['plain visible']);
  await advance(origin, 11 * MINUTE);
  await shows([delayed], 's', 2);
});

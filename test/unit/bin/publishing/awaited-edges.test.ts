import t from 'tap';
import {
  purged,
  showing,
  showingUnder,
  unconfirmed,
  wouldShow,
} from '../../../../bin/publishing/awaited-edges.ts';
import { waitForEdges } from '../../../../bin/publishing/wait-for-edges.ts';
import { checkGoal, countedEdges, type WaitGoal, waitGoal } from '../../../../bin/publishing/wait-goal.ts';
import type { EdgeStatus } from '../../../../shared/wire/api.ts';

const edge = (name: string, revision: number, changes: Partial<EdgeStatus> = {}): EdgeStatus => ({
  ...{ name, region: 'r', lat: null, lon: null, version: '1', online: true, paused: false, revoked: false },
  ...{ drained: false, labels: [] },
  ...{ health: { state: 'online', trouble: null, reason: null }, use: null },
  ...{ mayRead: null, parent: null, clockOffset: 0, faults: [], lastSeen: 1, position: 9, diverged: null },
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
  lag: { records: 0, bytes: 0, seconds: 0 },
  sites: {
    docs: { revision, prepared: 0, lag: { revisions: 0, bytes: 0, seconds: 0 }, error: null, readers: null },
  },
  ...changes,
});
const diverged = (name: string) => edge(name, 0, { sites: {}, diverged: { position: 37, head: 35 } });

t.test('who is waited for, and who has come', async (t) => {
  const delayed = { ...edge('f', 1).limits, delay: 60 };
  const all = [
    edge('a', 8),
    edge('b', 9),
    edge('c', 7),
    edge('d', 7, { online: false }),
    edge('e', 7, { paused: true }),
    edge('k', 7, { drained: true }),
    edge('f', 1, { limits: delayed }),
    edge('g', 0, { sites: {} }),
    diverged('h'),
  ];
  const { done, missing, absent } = showing(all, 'docs', { revision: 8, seq: 9 });
  t.match(absent, [{ edge: 'd', why: 'offline' }]);
  t.equal(absent.length, 1);
  t.strictSame(done, ['a', 'b']);
  t.match(missing, [
    { edge: 'c', why: /revision 7/, isHopeless: false },
    { edge: 'h', why: /diverged.*37/, isHopeless: true },
  ]);
  t.equal(missing.length, 2);
  t.match(purged(all, 9, new Set(['a', 'b', 'c'])), {
    done: ['a', 'b', 'c'],
    missing: [{ edge: 'e' }, { edge: 'k' }, { edge: 'f' }, { edge: 'g' }, { edge: 'h', isHopeless: true }],
  });
});

t.test('who shows a draft under its alias', async (t) => {
  const shows = (edge: string, revision: number) => ({ edge, revision, pendingBytes: 9, error: null });
  const alias = { name: 'pr-1', revision: 8, seq: 9, expires: 1, hosts: [] };
  const all = [edge('a', 3), edge('b', 3), edge('c', 3, { online: false }), edge('d', 3), diverged('h')];
  const under = { ...alias, edges: [shows('a', 8), shows('b', 5), shows('c', 0)] };
  const { done, missing, absent } = showingUnder(all, { revision: 8, seq: 9 }, under);
  t.strictSame(done, ['a']);
  t.match(missing, [
    { edge: 'b', why: 'revision 5 there, 9 B to fetch', isHopeless: false },
    { edge: 'h', why: /diverged/, isHopeless: true },
  ]);
  t.match(absent, [{ edge: 'c', why: 'offline' }]);
  t.equal(missing.length + absent.length, 3, 'an edge that stays behind is not waited for');
  t.throws(() => showingUnder(all, { revision: 7, seq: 9 }, under), {
    code: 'unconfirmed',
    message: /pr-1 now points to revision 8/,
  });
});

t.test('a sync publish is confirmed by all that it waited for, or not', (t) => {
  const edges = [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
    { edge: 'c', state: 'not-prepared' },
  ] as const;
  t.strictSame(unconfirmed({ mode: 'sync', edges: [...edges] }), ['b', 'c']);
  t.strictSame(unconfirmed({ mode: 'sync', edges: [edges[0]] }), []);
  t.strictSame(unconfirmed({ mode: 'async', edges: [] }), []);
  t.end();
});

let now = 0;
let looks = 0;
const clock = {
  now: () => now,
  monotonic: () => now,
  async sleep(ms: number) {
    now += ms;
  },
};
const wait = (at: (look: number) => EdgeStatus[], goal: WaitGoal = { kind: 'online' }) => {
  [now, looks] = [0, 0];
  const look = async () => showing(countedEdges(goal, at(looks++)), 'docs', { revision: 8, seq: 9 });
  const { signal } = new AbortController();
  return waitForEdges({ look, goal, patienceMs: 60_000, clock, signal, isTerminal: false });
};

t.test('waiting ends when all have come, or when nobody comes further', async (t) => {
  t.strictSame(await wait((look) => [edge('a', 8), edge('b', look < 5 ? 7 : 8)]), ['a', 'b']);
  await t.rejects(
    wait(() => [edge('a', 8), edge('b', 7)]),
    { code: 'unconfirmed', message: /b \(at revision 7\)/ },
  );
  t.ok(now >= 60_000 && now < 61_000, 'after its patience');
  const slow = (look: number) => [
    edge('a', 8),
    edge('b', look < 2000 ? 7 : 8, { position: Math.floor(look / 500) }),
  ];
  t.strictSame(await wait(slow), ['a', 'b'], 'however long, while it comes further');
  t.ok(now > 100_000);
  const past = (look: number) => [edge('b', 7, { position: 9 + Math.min(look, 2000) })];
  await t.rejects(wait(past), { code: 'unconfirmed' });
  t.ok(now < 61_000, 'the records of other sites are no progress');
  await t.rejects(
    wait(() => [edge('a', 8), diverged('b')]),
    { code: 'unconfirmed', message: /b \(diverged/ },
  );
  t.equal(now, 0, 'at once for one that never can');
  await t.rejects(
    wait((look) => [edge('b', look < 3 ? 7 : 8), diverged('c')]),
    { code: 'unconfirmed', message: /not on c/ },
  );
  t.ok(now > 0, 'but not before the others');
  const away = edge('d', 7, { online: false });
  t.strictSame(await wait(() => [edge('a', 8), away]), ['a'], 'who is away is not waited for');
  await t.rejects(
    wait(() => [away]),
    { code: 'unconfirmed', message: /not on d \(offline\)/ },
    'but is when nobody else is here',
  );
  t.ok(now >= 60_000);
  t.strictSame(await wait((look) => (look < 9 ? [away] : [edge('d', 8)])), ['d'], 'it comes back meanwhile');
  t.strictSame(await wait(() => []), [], 'an origin without edges');
});

t.test('goals', async (t) => {
  t.strictSame(waitGoal('2'), { kind: 'count', count: 2 });
  t.strictSame(waitGoal('all'), { kind: 'all' });
  t.strictSame(waitGoal('region:eu west'), { kind: 'region', region: 'eu west' });
  for (const text of ['', '0', '-1', 'some', 'region:', '1.5'])
    t.throws(() => waitGoal(text), /Give a number/);

  const away = edge('d', 7, { online: false });
  const all = (look: number) => [edge('a', 8), edge('b', 7), look < 5 ? away : edge('d', 8)];
  t.strictSame(await wait(all, { kind: 'count', count: 2 }), ['a', 'd'], 'any two');
  await t.rejects(wait(all, { kind: 'count', count: 3 }), { code: 'unconfirmed', message: /not on b/ });
  t.equal(now > 60_000, true, 'after its patience');
  await t.rejects(
    wait(() => [edge('a', 8), away], { kind: 'all' }),
    { code: 'unconfirmed', message: /not on d \(offline\)/ },
    'who is away is awaited, too',
  );
  t.strictSame(await wait((look) => [edge('a', 8), look < 5 ? away : edge('d', 8)], { kind: 'all' }), [
    'a',
    'd',
  ]);
  const near = (revision: number) => edge('n', revision, { region: 'near' });
  const inRegion: WaitGoal = { kind: 'region', region: 'near' };
  t.strictSame(await wait((look) => [edge('a', 7), near(look < 5 ? 7 : 8)], inRegion), ['n']);
});

t.test('a goal out of reach is refused', async (t) => {
  const limits = { ...edge('x', 1).limits, sites: ['blog'] };
  const fleet = [
    ...[edge('a', 0), edge('b', 0, { online: false }), edge('c', 0, { paused: true })],
    ...[edge('d', 0, { mayRead: ['blog'] }), edge('e', 0, { limits })],
  ];
  t.equal(wouldShow(fleet, 'new-site'), 2);
  checkGoal({ kind: 'count', count: 2 }, 2);
  t.throws(() => checkGoal({ kind: 'count', count: 3 }, 2), { code: 'bad-config', message: /only 2 edges/ });
  t.throws(() => checkGoal({ kind: 'region', region: 'far' }, 0), { message: /no edge of the region far/ });
  checkGoal({ kind: 'region', region: 'far' }, 1);
});

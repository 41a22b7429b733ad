import t from 'tap';
import {
  type Observed,
  type ObservedEdge,
  planActions,
} from '../../../../origin/reconcile/reconcile-plan.ts';
import type { HotObject } from '../../../../origin/reconcile/warm-rule.ts';

const edge = (name: string, changes: Partial<ObservedEdge> = {}): ObservedEdge => ({
  ...{ name, isOnline: true, disk: { free: 50, total: 100 }, mismatchMs: null },
  ...changes,
});
const seen = (changes: Partial<Observed> = {}): Observed => ({
  ...{ edges: [edge('oslo'), edge('rome')], findings: [], hot: [], keys: new Set<string>() },
  ...changes,
});
const keys = (observed: Observed, room = 100) => planActions(observed, room).map(({ key }) => key);

const hot = (letter: string, changes: Partial<HotObject> = {}): HotObject => ({
  ...{ region: 'north', site: 'docs', path: `${letter}.zip`, digest: letter.repeat(64), perMinute: 100 },
  ...{ askedAt: ['oslo'], others: ['bern', 'rome'] },
  ...changes,
});

const FOUND = { isRepair: false, due: 0 };

t.test('a sound fleet needs nothing', async (t) => {
  t.strictSame(planActions(seen(), 100), []);
});

t.test('what follows from what', async (t) => {
  const finding = { edge: 'oslo', task: 12, damaged: 3, ...FOUND };
  const cases: [name: string, observed: Partial<Observed>, keys: string[]][] = [
    ['damage is repaired', { findings: [finding] }, ['repair oslo after 12']],
    [
      'each verification counts',
      { findings: [finding, { ...finding, task: 13 }] },
      ['repair oslo after 12', 'repair oslo after 13'],
    ],
    ['the same finding counts once', { findings: [finding, finding] }, ['repair oslo after 12']],
    [
      'what a repair left is repaired again',
      { findings: [{ ...finding, isRepair: true }] },
      ['repair oslo again after 12'],
    ],
    ['a full disk is pruned', { edges: [edge('oslo', { disk: { free: 10, total: 100 } })] }, ['prune oslo']],
    ['a disk with room is not', { edges: [edge('oslo', { disk: { free: 11, total: 100 } })] }, []],
    [
      'an edge that is away is not',
      { edges: [edge('oslo', { disk: { free: 1, total: 100 }, isOnline: false })] },
      [],
    ],
    [
      'nor one that has not told',
      { edges: [edge('oslo', { disk: null }), edge('rome', { disk: { free: 0, total: 0 } })] },
      [],
    ],
    [
      'roots that persistently do not match are repaired',
      {
        edges: [
          edge('oslo', { mismatchMs: 60_000 }),
          edge('rome', { mismatchMs: 59_000 }),
          edge('bern', { mismatchMs: 90_000, isOnline: false }),
        ],
      },
      ['repair root oslo'],
    ],
    ['what readers ask for is warmed', { hot: [hot('a')] }, [`warm docs ${'a'.repeat(16)} north`]],
  ];
  for (const [name, observed, expected] of cases) t.strictSame(keys(seen(observed)), expected, name);
});

t.test('nothing is done twice', async (t) => {
  const findings = [{ edge: 'oslo', task: 12, damaged: 3, ...FOUND }];
  t.strictSame(keys(seen({ findings, keys: new Set(['repair oslo after 12']) })), []);
});

t.test('there are only so many actions, repairs first', async (t) => {
  const edges = Array.from({ length: 30 }, (_, i) => edge(`edge-${i}`, { disk: { free: 0, total: 100 } }));
  const findings = [{ edge: 'edge-7', task: 1, damaged: 1, ...FOUND }];
  t.strictSame(keys(seen({ edges, findings }), 3), ['repair edge-7 after 1', 'prune edge-0', 'prune edge-1']);
});

t.test('each action says why, and whom it is for', async (t) => {
  const [action] = planActions(seen({ findings: [{ edge: 'oslo', task: 12, damaged: 3, ...FOUND }] }), 1);
  t.strictSame(action, {
    key: 'repair oslo after 12',
    cause: 'task 12 found 3 damaged files on oslo',
    request: { kind: 'repair', args: {}, target: { edges: ['oslo'] } },
  });
});

t.test('a root is repaired only at the edge that reports it', async (t) => {
  const edges = [edge('oslo', { mismatchMs: 61_000 }), edge('bern', { mismatchMs: 61_000 }), edge('rome')];
  const targets = planActions(seen({ edges }), 9).map(({ request, cause }) => [request.target, cause]);
  t.strictSame(targets, [
    [{ edges: ['oslo'] }, 'the roots of oslo have not matched for 61 s'],
    [{ edges: ['bern'] }, 'the roots of bern have not matched for 61 s'],
  ]);
});

t.test('hot objects of a site are warmed together at the other edges, and once', async (t) => {
  const all = [hot('a'), hot('b', { perMinute: 900, others: ['bern'] }), hot('c', { perMinute: 59 })];
  const [action] = planActions(seen({ hot: all }), 9);
  t.strictSame(action, {
    key: `warm docs ${'b'.repeat(16)},${'a'.repeat(16)} north`,
    cause: 'readers of oslo ask for 2 objects of docs again and again: 900 times a minute for b.zip',
    request: {
      kind: 'warm',
      args: { site: 'docs', paths: ['/b.zip', '/a.zip'] },
      target: { edges: ['bern', 'rome'] },
      deadline: 600,
    },
  });
  const known = new Set([String(action?.key)]);
  t.strictSame(keys(seen({ hot: all, keys: known })), [], 'each object once');
  t.strictSame(keys(seen({ hot: [...all, hot('d')], keys: known })), [`warm docs ${'d'.repeat(16)} north`]);
  t.strictSame(
    keys(seen({ hot: [hot('a', { region: 'south' }), hot('b', { site: 'shop' })], keys: known })),
    [`warm docs ${'a'.repeat(16)} south`, `warm shop ${'b'.repeat(16)} north`],
    'in each region, and for each site',
  );
  t.strictSame(keys(seen({ hot: [hot('a', { others: [] })] })), [], 'nobody lacks it');
});

t.test('warming is bounded', async (t) => {
  const many = Array.from({ length: 40 }, (_, i) =>
    hot('a', { path: `${i}`, digest: i.toString(16).padStart(64, 'f').split('').reverse().join('') }),
  );
  const known = new Set<string>();
  for (let round = 0; round < 5; round++)
    for (const key of keys(seen({ hot: many, keys: known }))) known.add(key);
  t.equal(known.size, 3, 'sixteen objects each');
  const others = Array.from({ length: 400 }, (_, i) => hot('a', { digest: `${i}`.padEnd(64, 'e') }));
  for (let round = 0; round < 50; round++)
    for (const key of keys(seen({ hot: others, keys: known }))) known.add(key);
  t.equal(known.size, 12, 'twelve tasks for a site and a region');
});

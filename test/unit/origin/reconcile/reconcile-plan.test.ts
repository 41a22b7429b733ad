import t from 'tap';
import {
  type Observed,
  type ObservedEdge,
  planActions,
} from '../../../../origin/reconcile/reconcile-plan.ts';

const edge = (name: string, changes: Partial<ObservedEdge> = {}): ObservedEdge => ({
  ...{ name, isOnline: true, disk: { free: 50, total: 100 } },
  ...changes,
});
const seen = (changes: Partial<Observed> = {}): Observed => ({
  ...{ edges: [edge('oslo'), edge('rome')], findings: [], keys: new Set<string>() },
  ...changes,
});
const keys = (observed: Observed, room = 100) => planActions(observed, room).map(({ key }) => key);

t.test('a sound fleet needs nothing', async (t) => {
  t.strictSame(planActions(seen(), 100), []);
});

t.test('what follows from what', async (t) => {
  const finding = { edge: 'oslo', task: 12, damaged: 3 };
  const cases: [name: string, observed: Partial<Observed>, keys: string[]][] = [
    ['damage is repaired', { findings: [finding] }, ['repair oslo after 12']],
    [
      'each verification counts',
      { findings: [finding, { ...finding, task: 13 }] },
      ['repair oslo after 12', 'repair oslo after 13'],
    ],
    ['the same finding counts once', { findings: [finding, finding] }, ['repair oslo after 12']],
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
  ];
  for (const [name, observed, expected] of cases) t.strictSame(keys(seen(observed)), expected, name);
});

t.test('nothing is done twice', async (t) => {
  const findings = [{ edge: 'oslo', task: 12, damaged: 3 }];
  t.strictSame(keys(seen({ findings, keys: new Set(['repair oslo after 12']) })), []);
});

t.test('there are only so many actions, repairs first', async (t) => {
  const edges = Array.from({ length: 30 }, (_, i) => edge(`edge-${i}`, { disk: { free: 0, total: 100 } }));
  const findings = [{ edge: 'edge-7', task: 1, damaged: 1 }];
  t.strictSame(keys(seen({ edges, findings }), 3), ['repair edge-7 after 1', 'prune edge-0', 'prune edge-1']);
});

t.test('each action says why, and whom it is for', async (t) => {
  const [action] = planActions(seen({ findings: [{ edge: 'oslo', task: 12, damaged: 3 }] }), 1);
  t.strictSame(action, {
    key: 'repair oslo after 12',
    cause: 'task 12 found 3 damaged files on oslo',
    request: { kind: 'repair', args: {}, target: { edges: ['oslo'] } },
  });
});

import t from 'tap';
import {
  beginSync,
  decide,
  type EdgePhase,
  edgeStates,
  type SyncDecision,
  type SyncEvent,
  type SyncState,
  step,
} from '../../../../origin/publish/sync-state.ts';

const PHASES: readonly EdgePhase[] = ['preparing', 'prepared', 'visible', 'gone'];
const report = (prepared: boolean, visible: boolean): SyncEvent => ({
  kind: 'report',
  edge: 'a',
  prepared,
  visible,
});
const activated = (...servers: string[]): SyncEvent => ({ kind: 'activated', servers });
const state = (phases: readonly EdgePhase[], changes: Partial<SyncState> = {}): SyncState => ({
  require: 'all',
  isActivated: false,
  isStrict: false,
  over: null,
  edges: new Map(phases.map((phase, i) => [`abc`[i] ?? '', phase])),
  ...changes,
});

t.test('one edge: every phase × every event', async (t) => {
  const leaseEnded: SyncEvent = { kind: 'lease-ended', edge: 'a' };
  const table: [EdgePhase, SyncEvent, EdgePhase][] = [
    ['preparing', report(false, false), 'preparing'],
    ['preparing', report(true, false), 'prepared'],
    ['preparing', report(true, true), 'visible'],
    ['preparing', report(false, true), 'visible'],
    ['preparing', leaseEnded, 'gone'],
    // After the activation it is not "prepared" any more, and not visible yet: it stays what it was.
    ['prepared', report(false, false), 'prepared'],
    ['prepared', report(true, false), 'prepared'],
    ['prepared', report(true, true), 'visible'],
    ['prepared', report(false, true), 'visible'],
    ['prepared', leaseEnded, 'gone'],
    ['visible', report(false, false), 'visible'],
    ['visible', report(true, false), 'visible'],
    ['visible', report(true, true), 'visible'],
    ['visible', report(false, true), 'visible'],
    ['visible', leaseEnded, 'visible'],
    ['gone', report(false, false), 'gone'],
    ['gone', report(true, false), 'prepared'],
    ['gone', report(true, true), 'visible'],
    ['gone', report(false, true), 'visible'],
    ['gone', leaseEnded, 'gone'],
  ];
  for (const [before, event, after] of table) {
    for (const isActivated of [false, true]) {
      const stepped = step(state([before], { isActivated }), event);
      t.equal(stepped.edges.get('a'), after, `${before}, ${JSON.stringify(event)}`);
      t.equal(stepped.isActivated, isActivated);
    }
  }
});

t.test('events that concern all', async (t) => {
  const begun = beginSync(['a', 'b'], { quorum: 2 });
  t.strictSame(
    [...begun.edges],
    [
      ['a', 'preparing'],
      ['b', 'preparing'],
    ],
  );
  t.equal(step(begun, activated()).isActivated, true);
  t.equal(step(begun, { kind: 'timeout' }).over, 'timeout');
  t.equal(step(begun, { kind: 'stopped' }).over, 'stopped');
  t.equal(step(begun, { kind: 'report', edge: 'x', prepared: true, visible: true }), begun, 'a stranger');
  t.equal(step(begun, { kind: 'lease-ended', edge: 'x' }), begun);
  t.equal(begun.edges.get('a'), 'preparing', 'states are values');
});

/** From the words of the issue alone. */
function expected({ require, isActivated, over, edges }: SyncState): SyncDecision {
  const phases = [...edges.values()];
  const count = (...wanted: EdgePhase[]) => phases.filter((phase) => wanted.includes(phase)).length;
  if (!isActivated) {
    if (over !== null) return { kind: 'fail', reason: over };
    const here = count('preparing', 'prepared', 'visible');
    const ready = count('prepared', 'visible');
    if (here === 0) return { kind: 'fail', reason: 'no-edges' };
    if (require === 'all') return count('preparing') === 0 ? { kind: 'activate' } : { kind: 'wait' };
    if (here < require.quorum) return { kind: 'fail', reason: 'quorum-lost' };
    return ready >= require.quorum ? { kind: 'activate' } : { kind: 'wait' };
  }
  const waitedFor = count('preparing', 'prepared');
  const enough = require !== 'all' && count('visible') >= require.quorum;
  return over !== null || waitedFor === 0 || enough ? { kind: 'done' } : { kind: 'wait' };
}

t.test('decisions: up to three edges in every phase, every requirement, both halves', async (t) => {
  const combinations: EdgePhase[][] = [[]];
  for (const a of PHASES) {
    combinations.push([a]);
    for (const b of PHASES) {
      combinations.push([a, b]);
      for (const c of PHASES) combinations.push([a, b, c]);
    }
  }
  let checked = 0;
  for (const phases of combinations)
    for (const require of ['all', { quorum: 1 }, { quorum: 2 }, { quorum: 4 }] as const)
      for (const isActivated of [false, true])
        for (const over of [null, 'timeout', 'stopped'] as const) {
          const situation = state(phases, { require, isActivated, over });
          const decision = decide(situation);
          checked++;
          if (JSON.stringify(decision) !== JSON.stringify(expected(situation)))
            t.strictSame(
              decision,
              expected(situation),
              JSON.stringify({ phases, require, isActivated, over }),
            );
        }
  t.equal(checked, 85 * 4 * 2 * 3);
});

t.test('the bars of the design, as sequences', async (t) => {
  const run = (begun: SyncState, ...events: SyncEvent[]) => events.reduce(step, begun);
  const on = (edge: string, what: 'prepared' | 'visible'): SyncEvent => ({
    kind: 'report',
    edge,
    prepared: true,
    visible: what === 'visible',
  });
  const lost = (edge: string): SyncEvent => ({ kind: 'lease-ended', edge });

  const all = beginSync(['a', 'b'], 'all');
  t.strictSame(decide(run(all, on('a', 'prepared'))), { kind: 'wait' }, 'one of two');
  t.strictSame(decide(run(all, on('a', 'prepared'), lost('b'))), { kind: 'activate' }, 'the other vanished');
  t.strictSame(decide(run(all, lost('a'), lost('b'))), { kind: 'fail', reason: 'no-edges' });
  const live = run(all, on('a', 'prepared'), on('b', 'prepared'), activated());
  t.strictSame(decide(run(live, on('a', 'visible'))), { kind: 'wait' });
  t.strictSame(decide(run(live, on('a', 'visible'), lost('b'))), { kind: 'done' });
  t.strictSame(edgeStates(run(live, lost('b'), on('a', 'visible'))), [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
  ]);
  t.strictSame(
    decide(run(live, { kind: 'timeout' })),
    { kind: 'done' },
    'nothing aborts after the commit point',
  );

  const quorum = beginSync(['c', 'b', 'a'], { quorum: 2 });
  const ready = run(quorum, on('a', 'prepared'), on('b', 'prepared'));
  t.strictSame(decide(ready), { kind: 'activate' });
  const half = run(ready, activated(), on('a', 'visible'), lost('b'));
  t.strictSame(decide(half), { kind: 'wait' }, 'the third may still come to show it');
  t.strictSame(decide(run(half, on('c', 'visible'))), { kind: 'done' });
  t.strictSame(edgeStates(half), [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
    { edge: 'c', state: 'not-prepared' },
  ]);
});

t.test('where nobody may be served older content, whoever may serve it is waited for', async (t) => {
  const run = (from: SyncState, ...events: SyncEvent[]) => events.reduce(step, from);
  const on = (edge: string, visible: boolean): SyncEvent => ({
    kind: 'report',
    edge,
    prepared: true,
    visible,
  });
  const lost = (edge: string): SyncEvent => ({ kind: 'lease-ended', edge });
  const begun = beginSync(['a', 'b', 'c'], { quorum: 1 }, { isStrict: true });
  const ready = run(begun, on('a', false), lost('b'));
  t.strictSame(decide(ready), { kind: 'activate' });
  // b may still serve though it takes no part; d came after the publish began.
  const live = run(ready, activated('b', 'd'), on('a', true));
  t.strictSame(decide(live), { kind: 'wait' }, 'the quorum alone is not enough');
  t.strictSame(decide(run(live, lost('b'), lost('c'))), { kind: 'wait' });
  const settled = run(live, lost('b'), lost('c'), on('d', true));
  t.strictSame(decide(settled), { kind: 'done' });
  t.strictSame(edgeStates(settled), [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
    { edge: 'c', state: 'unconfirmed' },
    { edge: 'd', state: 'visible' },
  ]);
});

import t from 'tap';
import {
  planRollout,
  type RolloutEdge,
  type RolloutSituation,
} from '../../../../origin/rollout/rollout-plan.ts';
import { READY_POLICIES } from '../../../../shared/site/ready-rollouts.ts';
import type { RolloutPolicy } from '../../../../shared/site/rollout-policy.ts';
import type { EdgeEvidence } from '../../../../shared/wire/rollout-api.ts';

const edge = (name: string, changes: Partial<RolloutEdge> = {}): RolloutEdge => ({
  ...{ name, region: 'eu', labels: [], load: 1, isPrepared: true, isShown: false },
  ...changes,
});
const TEN = Array.from({ length: 10 }, (_, i) => edge(`e${i}`, { region: i < 5 ? 'eu' : 'us' }));

type Rollout = RolloutSituation['rollout'];

const STARTED: Rollout = {
  ...{ revision: 7, state: 'running', step: 0, edges: [], policy: READY_POLICIES.canary },
  ...{ began: 0, stepped: 0, dwell: 0 },
};

function plan(rollout: Partial<Rollout>, changes: Partial<RolloutSituation> = {}) {
  const situation = { rollout: { ...STARTED, ...rollout }, edges: TEN, now: 1000, mayBegin: true };
  return planRollout({ ...situation, evidence: { edges: [], worst: [] }, ...changes });
}

const judged = (...verdicts: EdgeEvidence['verdict'][]) => ({
  edges: verdicts.map((verdict, i) => ({ edge: `e${i}`, verdict, why: 'why', trial: null })),
  worst: [],
});
const showing = (...names: string[]) => TEN.map((one) => ({ ...one, isShown: names.includes(one.name) }));

t.test('it begins when all edges have the revision', async (t) => {
  const late = [...TEN.slice(1), edge('e0', { isPrepared: false })];
  t.match(plan({}, { edges: late }), { kind: 'wait' });
  t.match(plan({}, { edges: late, now: 700_000 }), { kind: 'step' }, 'for ten minutes at most');
  t.match(plan({}, { mayBegin: false }), { kind: 'wait' });
  t.match(plan({}, { edges: [] }), { kind: 'wait' });
  const first = plan({});
  t.match(first, { kind: 'step', dwell: 60 });
  t.equal(first.kind === 'step' && first.edges.length, 1);
});

t.test('the next step comes after its time', async (t) => {
  const policy: RolloutPolicy = {
    ...READY_POLICIES.canary,
    steps: [
      { count: 1, dwell: 10 },
      { share: 0.3, dwell: 20 },
    ],
  };
  const at = { policy, step: 1, edges: ['e0'], stepped: 0, dwell: 10 };
  const good = { evidence: judged('good'), edges: showing('e0') };
  t.match(plan(at, { ...good, now: 9999 }), { kind: 'wait' });
  t.match(plan(at, { ...good, edges: showing(), now: 10_000 }), { kind: 'wait' }, 'not before it is shown');
  const second = plan(at, { ...good, now: 10_000 });
  t.match(second, { kind: 'step', dwell: 20 });
  t.ok(second.kind === 'step' && second.edges.length === 3 && second.edges.includes('e0'));
  const last = { ...at, step: 2, edges: ['e0', 'e1', 'e2'] };
  t.match(plan(last, { evidence: judged('good', 'good', 'good'), now: 60_000 }), { kind: 'wait' });
  const shown = showing('e0', 'e1', 'e2');
  t.strictSame(plan(last, { evidence: judged('good', 'good', 'good'), edges: shown, now: 60_000 }), {
    kind: 'activate',
  });
});

t.test('who is in a step', async (t) => {
  const some = [edge('a', { labels: ['ssd'] }), edge('b', { region: 'us' }), edge('c', { load: 0 })];
  const step = (one: RolloutPolicy['steps'][number], edges: readonly RolloutEdge[] = some) =>
    plan({ policy: { ...READY_POLICIES.canary, steps: [one] } }, { edges });
  t.match(step({ edges: ['b', 'gone'], dwell: 1 }), { edges: ['b'] });
  t.match(step({ labels: ['ssd'], dwell: 1 }), { edges: ['a'] });
  t.match(step({ regions: ['us'], dwell: 1 }), { edges: ['b'] });
  t.match(step({ each: 'region', dwell: 1 }), { edges: ['a', 'c'] });
  t.notMatch(step({ count: 2, dwell: 1 }), { edges: ['a', 'c'] }, 'edges with readers come first');
  t.match(step({ edges: ['gone'], dwell: 1 }), { kind: 'fail' });
});

t.test('one bad edge pauses, two take back, and a single canary does', async (t) => {
  const three = { step: 1, edges: ['e0', 'e1', 'e2'] };
  t.match(plan(three, { evidence: judged('bad', 'good', 'good') }), { kind: 'pause', reason: 'e0: why' });
  t.match(plan(three, { evidence: judged('bad', 'good', 'bad') }), {
    kind: 'fail',
    reason: 'e0: why; e2: why',
  });
  t.match(plan({ step: 1, edges: ['e0'] }, { evidence: judged('bad') }), { kind: 'fail' });
  const paused = { ...three, state: 'paused' as const };
  t.match(plan(paused, { evidence: judged('good', 'good', 'good'), now: 1e9 }), { kind: 'wait' });
  t.match(plan(paused, { evidence: judged('bad', 'bad', 'good') }), { kind: 'fail' });
});

t.test('without evidence the policy decides', async (t) => {
  const at = { step: 1, edges: ['e0'], dwell: 1 };
  const without = (what: RolloutPolicy['without']) =>
    plan(
      { ...at, policy: { ...READY_POLICIES.canary, without: what } },
      { evidence: judged('none'), edges: showing('e0') },
    ).kind;
  t.equal(without('wait'), 'wait');
  t.equal(without('go-on'), 'activate', 'a tenth of ten edges is the one that shows it');
  t.equal(without('take-back'), 'fail');
});

t.test('a webhook is asked before each step, and may veto', async (t) => {
  const asked = (
    consent: RolloutSituation['consent'],
    without: RolloutPolicy['without'] = 'wait',
    rollout: Partial<Rollout> = { step: 1, edges: ['e0'], dwell: 1 },
  ) => {
    const { guards, ...rest } = READY_POLICIES.canary;
    const policy: RolloutPolicy = { ...rest, guards: { ...guards, webhook: 'gate' }, without };
    const good = { evidence: judged('good'), edges: showing('e0'), now: 2000 };
    return plan({ ...rollout, policy }, { ...good, consent });
  };
  t.strictSame(asked(undefined), { kind: 'ask' });
  t.strictSame(asked(undefined, 'wait', {}), { kind: 'ask' }, 'before the first step, too');
  t.strictSame(asked({ kind: 'go' }), { kind: 'activate' });
  t.strictSame(asked({ kind: 'wait' }), { kind: 'wait' });
  t.match(asked({ kind: 'veto', why: 'a freeze' }), {
    kind: 'fail',
    reason: 'the webhook gate vetoes: a freeze',
  });
  t.strictSame(asked({ kind: 'absent', why: 'there is none' }), { kind: 'pause', reason: 'there is none' });
  const silent = { kind: 'none', why: 'no answer' } as const;
  t.strictSame(asked(silent, 'go-on'), { kind: 'activate' });
  t.strictSame(asked(silent, 'wait'), { kind: 'wait' });
  t.strictSame(asked(silent, 'take-back'), { kind: 'fail', reason: 'no answer' });
  t.strictSame(
    asked(undefined, 'wait', { step: 1, edges: ['e0'], dwell: 60 }),
    { kind: 'wait' },
    'not before the time of the step is over',
  );
});

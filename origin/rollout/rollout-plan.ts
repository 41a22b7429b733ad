import type { RolloutStep } from '../../shared/site/rollout-policy.ts';
import type { RolloutEvidence } from '../../shared/wire/rollout-api.ts';
import type { RolloutRow } from '../catalog/rollout-calls.ts';
import type { Consent } from './consent-state.ts';

/** An edge that may show the revision: it has a lease, keeps up with the site, and readers are sent to it. */
export interface RolloutEdge {
  readonly name: string;
  readonly region: string;
  readonly labels: readonly string[];
  /** Requests of readers per second. */
  readonly load: number;
  /** The revision is complete at the edge. */
  readonly isPrepared: boolean;
  /** The edge shows the revision. */
  readonly isShown: boolean;
}

/** The driver's next act. */
export type RolloutMove =
  | { readonly kind: 'wait' }
  | { readonly kind: 'step'; readonly edges: readonly string[]; readonly dwell: number }
  | { readonly kind: 'activate' }
  /** Ask the policy's webhook whether the rollout may go on. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'fail'; readonly reason: string };

const WAIT: RolloutMove = { kind: 'wait' };
/** An edge that has not taken the revision in after this time is left to its activation. */
const PREPARE_MS = 10 * 60_000;

export interface RolloutSituation {
  readonly rollout: Pick<
    RolloutRow,
    'revision' | 'state' | 'step' | 'edges' | 'policy' | 'began' | 'stepped' | 'dwell'
  >;
  readonly edges: readonly RolloutEdge[];
  readonly evidence: RolloutEvidence;
  readonly now: number;
  /** False while a batch publish waits for a window. */
  readonly mayBegin: boolean;
  /** What the policy's webhook says about the next step. Undefined when it has to be asked. */
  readonly consent?: Consent | undefined;
}

/**
 * Decides what happens next. One bad edge pauses, two take back. A step with a single edge needs only that one. While it
 * is paused, a rollout can still be taken back.
 */
export function planRollout(situation: RolloutSituation): RolloutMove {
  const { rollout, edges, evidence, now, mayBegin } = situation;
  const bad = evidence.edges.filter(({ verdict }) => verdict === 'bad');
  const reason = bad.map(({ edge, why }) => `${edge}: ${why}`).join('; ');
  if (bad.length > 1 || (bad.length === 1 && rollout.edges.length === 1)) return { kind: 'fail', reason };
  if (rollout.state === 'paused') return WAIT;
  if (bad.length === 1) return { kind: 'pause', reason };
  if (rollout.step === 0) {
    const isReady = edges.length > 0 && edges.every(({ isPrepared }) => isPrepared);
    if (!mayBegin || !(isReady || now - rollout.began > PREPARE_MS)) return WAIT;
    return nextStep(situation);
  }
  const shows = new Set(rollout.edges);
  const isVisible = edges.every(({ name, isShown }) => isShown || !shows.has(name));
  if (!isVisible || now - rollout.stepped < rollout.dwell * 1000) return WAIT;
  const without = evidence.edges.filter(({ verdict }) => verdict === 'none');
  if (without.length === 0 || rollout.policy.without === 'go-on') return nextStep(situation);
  if (rollout.policy.without === 'wait') return WAIT;
  return {
    kind: 'fail',
    reason: `no evidence: ${without.map(({ edge, why }) => `${edge}: ${why}`).join('; ')}`,
  };
}

/** What follows when all guards of the origin agree: the next step, if the policy's webhook agrees, too. */
function nextStep(situation: RolloutSituation): RolloutMove {
  const { rollout, consent } = situation;
  const move = furtherStep(situation);
  if (rollout.policy.guards.webhook === undefined || move.kind === 'fail') return move;
  if (consent === undefined) return { kind: 'ask' };
  const { without } = rollout.policy;
  switch (consent.kind) {
    case 'go':
      return move;
    case 'wait':
      return WAIT;
    case 'veto':
      return { kind: 'fail', reason: `the webhook ${rollout.policy.guards.webhook} vetoes: ${consent.why}` };
    case 'absent':
      return { kind: 'pause', reason: consent.why };
    case 'none':
      if (without === 'go-on') return move;
      return without === 'wait' ? WAIT : { kind: 'fail', reason: consent.why };
  }
}

/** The first step of the policy that adds edges, or the end. */
function furtherStep({ rollout, edges }: RolloutSituation): RolloutMove {
  const shows = new Set(rollout.edges);
  const able = edges.filter(({ name, isPrepared }) => isPrepared && !shows.has(name));
  for (const step of rollout.policy.steps) {
    const added = addedBy(step, able, edges, shows.size, rollout.revision);
    if (added.length === 0) continue;
    // When no edge is left that goes on with the base, there is nothing left to try.
    if (added.length === able.length && shows.size > 0) break;
    const names = [...shows, ...added.map(({ name }) => name)].sort();
    return { kind: 'step', edges: names, dwell: step.dwell };
  }
  if (shows.size > 0) return { kind: 'activate' };
  return { kind: 'fail', reason: 'no step of the policy names an edge that is online' };
}

function addedBy(
  step: RolloutStep,
  able: readonly RolloutEdge[],
  all: readonly RolloutEdge[],
  shown: number,
  revision: number,
): readonly RolloutEdge[] {
  const { edges, labels, regions, count, share, each } = step;
  if (edges !== undefined) return able.filter(({ name }) => edges.includes(name));
  if (labels !== undefined) return able.filter((edge) => edge.labels.some((label) => labels.includes(label)));
  if (regions !== undefined) return able.filter(({ region }) => regions.includes(region));
  if (each !== undefined) {
    const [first] = able.map(({ region }) => region).sort();
    return able.filter(({ region }) => region === first);
  }
  const wanted = count ?? Math.ceil((share ?? 0) * all.length);
  return able.toSorted((a, b) => rank(a, revision) - rank(b, revision)).slice(0, Math.max(0, wanted - shown));
}

/**
 * The order in which edges are chosen when only a number is given. Edges with readers come first, because others give no
 * evidence. The revision changes the order, so that it is not always the same edge.
 */
function rank({ name, load }: RolloutEdge, revision: number): number {
  let hash = revision;
  for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (load > 0 ? 0 : 1) + hash / 2 ** 33;
}

import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import {
  type EdgeEvidence,
  type RolloutEvidence,
  SLOT_SECONDS,
  SLOWER,
  type Speed,
  type Trial,
} from '../../shared/wire/rollout-api.ts';
import { upperTail } from './binomial.ts';

/**
 * The probability with which a rollout is taken back although its revision changes nothing for readers, over all edges,
 * guards and looks together. Exact comparisons need no probability: they count only what differs.
 */
export const ALPHA = 0.001;
/** Fewer groups than this prove nothing. */
const LEAST_EVENTS = 3;
/** Failures come in groups, as when a reader tries again. So many of them count as one event. */
const GROUP = 3;
/** Those that compare counts: each may err with its share of the probability. */
const STATISTICAL_GUARDS = 4;
/** A single error may come from a page that its reader loaded before the switch. */
const LEAST_LOST = 2;
/** One serving process may end for a reason of its own. */
const MOST_DEATHS = 1;
/** An edge that has had no lease for so long shows the base again, and counts as bad. */
const MOST_SILENT_MS = 60_000;
/** Fewer requests of a rehearsal may all be of somebody who knows what was removed, and fewer errors of a crawler. */
const LEAST_REHEARSED = { requests: 100, lost: 3 };
const WORST = 3;

/** What is known about an edge that shows a revision on trial. */
export interface JudgedEdge {
  readonly name: string;
  /** How long the edge has had no lease. 0 while it has one. */
  readonly silentMs: number;
  /** Somebody sends its readers to other edges. */
  readonly isDrained: boolean;
  /** What its readers met under this revision. Null until the edge has reported it. */
  readonly trial: Trial | null;
}

type Verdict = Pick<EdgeEvidence, 'verdict' | 'why'>;

/** Judges the edges that show a revision beside the others, and names the worst differences. */
export function judgeEdges(
  edges: readonly JudgedEdge[],
  beside: Speed,
  guards: RolloutPolicy['guards'],
  alpha: number = ALPHA,
): RolloutEvidence {
  const judged = edges.map((edge) => ({
    edge: edge.name,
    ...judgeEdge(edge, beside, guards, alpha / Math.max(1, edges.length)),
    trial: edge.trial,
  }));
  const worst = judged
    .flatMap(({ edge, trial }) => (trial?.worst ?? []).map((difference) => ({ edge, ...difference })))
    .sort((a, b) => b.count - a.count)
    .slice(0, WORST);
  return { edges: judged, worst };
}

/** Judges one edge. `alpha` is the probability that an edge without a difference counts as bad. */
function judgeEdge(
  { silentMs, isDrained, trial }: JudgedEdge,
  beside: Speed,
  guards: RolloutPolicy['guards'],
  alpha: number,
): Verdict {
  if (silentMs >= MOST_SILENT_MS) return bad('it has lost its lease');
  if (trial === null) return none('it has not reported yet');
  const { requests, lost, broken, rehearsal, errors, deaths, checks, past } = trial;
  if (checks.failed > 0) return bad(`${checks.failed} paths that must answer do not`);
  if (deaths > MOST_DEATHS) return bad(`${deaths} serving processes ended`);
  if (lost >= LEAST_LOST && lost > guards.lost * requests)
    return bad(`${lost} of ${requests} answers are errors that the base does not have`);
  const isRehearsed =
    rehearsal.requests >= LEAST_REHEARSED.requests && rehearsal.lost >= LEAST_REHEARSED.lost;
  if (isRehearsed && rehearsal.lost > guards.lost * rehearsal.requests)
    return bad(`${rehearsal.lost} of the last ${rehearsal.requests} requests before it would get errors now`);
  const each = alpha / STATISTICAL_GUARDS;
  if (isWorse(broken, requests, past.broken, past.requests, each))
    return bad(
      `${broken} of ${requests} requests of its pages failed, before it was ${past.broken} of ${past.requests}`,
    );
  if (isWorse(errors, requests, past.errors, past.requests, each))
    return bad(`${errors} of ${requests} answers are 5xx, before it was ${past.errors} of ${past.requests}`);
  const { latency, traffic = false } = guards;
  if (latency !== undefined) {
    const [slow, others] = [slowIn(trial.speed, latency), slowIn(beside, latency)];
    if (isWorse(slow, trial.speed.slots, others, beside.slots, each))
      return bad(
        `its answers took more than ${latency} times as long as before for ${slow} of ${trial.speed.slots} times ${SLOT_SECONDS} s, at the other edges for ${others} of ${beside.slots}`,
      );
  }
  if (traffic && !isDrained && hasLostTraffic(trial, each))
    return bad(
      `no reader has come for ${trial.silence.slots * SLOT_SECONDS} s, and before one came in ${trial.busy.slots} of ${trial.busy.of} times ${SLOT_SECONDS} s`,
    );
  if (isUnexplained(broken, requests, past.broken, past.requests, each))
    return none(
      `${broken} of ${requests} requests of its pages failed, and ${past.requests} answers before are too few to compare with`,
    );
  if (requests < guards.requests) return none(`${requests} of ${guards.requests} answers that are needed`);
  return { verdict: 'good', why: `${requests} answers` };
}

/**
 * Whether `failures` of `all` are more than the past explains. Under the same rate, the events of both times fall to the
 * present one by a binomial distribution. The test is repeated at each look, but while no event is added, its result can
 * only get weaker. So each number of events gets its share of the probability (6 / π² · 1 / k², which add up to 1).
 */
function isWorse(
  failures: number,
  all: number,
  pastFailures: number,
  pastAll: number,
  alpha: number,
): boolean {
  const events = Math.floor(failures / GROUP);
  const pastEvents = Math.ceil(pastFailures / GROUP);
  if (events < LEAST_EVENTS || pastAll === 0) return false;
  const look = events - LEAST_EVENTS + 1;
  const share = (6 / Math.PI ** 2 / look ** 2) * alpha;
  return upperTail(events, events + pastEvents, all / (all + pastAll)) <= share;
}

/** Whether `failures` of `all` would be more than the past explains, if that had been as long at the same rate. */
function isUnexplained(
  failures: number,
  all: number,
  pastFailures: number,
  pastAll: number,
  alpha: number,
): boolean {
  if (pastAll === 0) return isWorse(failures, all, 0, all, alpha);
  return pastAll < all && isWorse(failures, all, (pastFailures * all) / pastAll, all, alpha);
}

function slowIn({ slower }: Speed, latency: NonNullable<RolloutPolicy['guards']['latency']>): number {
  return slower[SLOWER.indexOf(latency)] ?? 0;
}

/**
 * Whether so many slots without a request are all but impossible after what the past shows. If `busy.slots` of `busy.of`
 * slots had a request, the next `m` have none with the probability Π (of - slots + 1 + j) / (of + 2 + j), by Laplace's
 * rule. Each number of slots gets its share of the probability, because a silence may begin at any of them.
 */
function hasLostTraffic({ silence, busy }: Pick<Trial, 'silence' | 'busy'>, alpha: number): boolean {
  if (silence.slots === 0) return false;
  let probability = 1;
  for (let j = 0; j < silence.slots; j++) probability *= (busy.of - busy.slots + 1 + j) / (busy.of + 2 + j);
  return probability <= (6 / Math.PI ** 2 / silence.of ** 2) * alpha;
}

const bad = (why: string): Verdict => ({ verdict: 'bad', why });
const none = (why: string): Verdict => ({ verdict: 'none', why });

import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { EdgeEvidence, RolloutEvidence, Trial } from '../../shared/wire/rollout-api.ts';
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
/** A single error may come from a page that its reader loaded before the switch. */
const LEAST_LOST = 2;
/** One serving process may end for a reason of its own. */
const MOST_DEATHS = 1;
/** An edge that has had no lease for so long shows the base again, and counts as bad. */
const MOST_SILENT_MS = 60_000;
const WORST = 3;

/** What is known about an edge that shows a revision on trial. */
export interface JudgedEdge {
  readonly name: string;
  /** How long the edge has had no lease. 0 while it has one. */
  readonly silentMs: number;
  /** What its readers met under this revision. Null until the edge has reported it. */
  readonly trial: Trial | null;
}

type Verdict = Pick<EdgeEvidence, 'verdict' | 'why'>;

/** Judges the edges that show a revision, and names the worst differences. */
export function judgeEdges(
  edges: readonly JudgedEdge[],
  guards: RolloutPolicy['guards'],
  alpha: number = ALPHA,
): RolloutEvidence {
  const judged = edges.map((edge) => ({
    edge: edge.name,
    ...judgeEdge(edge, guards, alpha / Math.max(1, edges.length)),
    trial: edge.trial,
  }));
  const worst = judged
    .flatMap(({ edge, trial }) => (trial?.worst ?? []).map((difference) => ({ edge, ...difference })))
    .sort((a, b) => b.count - a.count)
    .slice(0, WORST);
  return { edges: judged, worst };
}

/** Judges one edge. `alpha` is the probability that an edge without a difference counts as bad. */
function judgeEdge({ silentMs, trial }: JudgedEdge, guards: RolloutPolicy['guards'], alpha: number): Verdict {
  if (silentMs >= MOST_SILENT_MS) return bad('it has lost its lease');
  if (trial === null) return none('it has not reported yet');
  const { requests, lost, broken, errors, deaths, checks, past } = trial;
  if (checks.failed > 0) return bad(`${checks.failed} paths that must answer do not`);
  if (deaths > MOST_DEATHS) return bad(`${deaths} serving processes ended`);
  if (lost >= LEAST_LOST && lost > guards.lost * requests)
    return bad(`${lost} of ${requests} answers are errors that the base does not have`);
  // Each of the two guards may err with half of the probability.
  if (isWorse(broken, requests, past.broken, past.requests, alpha / 2))
    return bad(
      `${broken} of ${requests} requests of its pages failed, before it was ${past.broken} of ${past.requests}`,
    );
  if (isWorse(errors, requests, past.errors, past.requests, alpha / 2))
    return bad(`${errors} of ${requests} answers are 5xx, before it was ${past.errors} of ${past.requests}`);
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

const bad = (why: string): Verdict => ({ verdict: 'bad', why });
const none = (why: string): Verdict => ({ verdict: 'none', why });

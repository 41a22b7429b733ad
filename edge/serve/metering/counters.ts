import { clientOf } from '../../../shared/http/client-address.ts';
import type { Difference } from '../../../shared/wire/rollout-api.ts';
import {
  type AnswerCounts,
  LATENCY_BUCKETS,
  MOST_TRIAL_PATHS,
  NO_TRIAL,
  type RehearsalCounts,
  type ServingCounters,
  type SiteCounters,
  type TrialCounts,
  type TrialError,
} from '../../messages/counters.ts';

/** So many broken links of each client count against a revision, and those of so many clients. */
const MOST_BLAMES = 3;
const MOST_BLAMING = 200;

/** The classes of statuses by their first digit. To put them together would cost more than the rest of the counting. */
const CLASSES: readonly string[] = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** Counts the responses of each site by class of status, with their bytes and durations. */
export class Counters {
  readonly #sites = new Map<string, Counting>();
  /** How many broken links under the shown revision each client has met, by site. */
  readonly #blaming = new Map<string, Map<string, number>>();
  #shown: ReadonlyMap<string, number> = new Map();

  /** Continues from the counts in `counted`. */
  constructor(counted: ServingCounters = {}) {
    for (const [site, { requests, buckets, trial, ...totals }] of Object.entries(counted))
      this.#sites.set(site, {
        ...{ ...totals, requests: { ...requests }, buckets: [...buckets] },
        trial: { ...trial, worst: trial.worst.map((one) => ({ ...one })) },
      });
  }

  /** `seconds` is the time from the head of the request until the last byte was passed to the operating system. */
  count(site: string, status: number, bytes: number, seconds: number): void {
    const counter = this.#of(site);
    const group = CLASSES[Math.floor(status / 100)] ?? '5xx';
    counter.requests[group] = (counter.requests[group] ?? 0) + 1;
    counter.bytes += bytes;
    counter.seconds += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS.length && seconds > (LATENCY_BUCKETS[bucket] ?? 0)) bucket++;
    counter.buckets[bucket] = (counter.buckets[bucket] ?? 0) + 1;
  }

  countExcess(site: string): void {
    this.#of(site).excesses++;
  }

  countBroken(site: string): void {
    this.#of(site).broken++;
  }

  /** Counts an error that a client met against the revision on trial. */
  countTrial(site: string, error: TrialError, client: string): void {
    const { trial } = this.#of(site);
    if (error.isLost) trial.lost++;
    else if (this.#mayBlame(site, clientOf(client))) trial.broken++;
    else return;
    if (error.isLost && error.status >= 500) trial.lostErrors++;
    countWorst(trial.worst, error);
  }

  /** Broken links are a matter of what clients say. So no single client can have a revision taken back by them. */
  #mayBlame(site: string, client: string): boolean {
    const clients = this.#blaming.get(site) ?? new Map<string, number>();
    this.#blaming.set(site, clients);
    const times = clients.get(client) ?? 0;
    if (times === MOST_BLAMES || (times === 0 && clients.size === MOST_BLAMING)) return false;
    clients.set(client, times + 1);
    return true;
  }

  /** Returns whether a revision has to be rehearsed: it is shown, and nobody has begun to. */
  beginRehearsal(site: string, revision: number): boolean {
    const { shown, trial } = this.#of(site);
    if (shown.revision !== revision || trial.rehearsal !== null) return false;
    trial.rehearsal = { requests: 0, lost: 0 };
    return true;
  }

  /** Counts what a rehearsal of a revision has found, unless another one is shown by now. */
  countRehearsal(
    site: string,
    revision: number,
    { requests, lost, errors }: RehearsalCounts & { readonly errors: readonly TrialError[] },
  ): void {
    const { shown, trial } = this.#of(site);
    if (shown.revision !== revision) return;
    trial.rehearsal = { requests, lost };
    for (const error of errors) countWorst(trial.worst, error);
  }

  /**
   * Records which revision of each site is shown from now on. Drops the counts of all other sites, since sites are
   * created and deleted while the process runs.
   */
  show(sites: readonly { readonly name: string; readonly revision: number }[]): void {
    const shown = new Map(sites.map(({ name, revision }) => [name, revision]));
    for (const [site, counter] of this.#sites) {
      const revision = shown.get(site);
      if (revision !== counter.shown.revision) this.#blaming.delete(site);
      if (revision === undefined) this.#sites.delete(site);
      else if (revision !== counter.shown.revision) {
        counter.past = since(counter);
        counter.trial = { ...NO_TRIAL, worst: [] };
        counter.shown = { ...totalsOf(counter), revision, bytes: counter.bytes };
      }
    }
    this.#shown = shown;
  }

  snapshot(): ServingCounters {
    return Object.fromEntries(this.#sites);
  }

  #of(site: string): Counting {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    const buckets = [...LATENCY_BUCKETS, 0].map(() => 0);
    const none = { requests: 0, errors: 0, broken: 0 };
    const counter: Counting = {
      ...{ requests: {}, bytes: 0, buckets, seconds: 0, excesses: 0, broken: 0 },
      shown: { ...none, revision: this.#shown.get(site) ?? 0, bytes: 0 },
      past: none,
      trial: { ...NO_TRIAL, worst: [] },
    };
    this.#sites.set(site, counter);
    return counter;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Counting extends Mutable<Omit<SiteCounters, 'requests' | 'buckets' | 'trial'>> {
  readonly requests: Record<string, number>;
  readonly buckets: number[];
  trial: Mutable<Omit<TrialCounts, 'worst'>> & { readonly worst: Mutable<Difference>[] };
}

function countWorst(worst: Mutable<Difference>[], { path, status, before, referer }: TrialError): void {
  const known = worst.find((one) => one.path === path);
  if (known !== undefined) known.count++;
  else if (worst.length < MOST_TRIAL_PATHS) worst.push({ path, status, before, count: 1, referer });
}

function totalsOf({ requests, broken }: Pick<SiteCounters, 'requests' | 'broken'>): AnswerCounts {
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return { requests: all, errors: requests['5xx'] ?? 0, broken };
}

/** The answers since the shown revision became visible. */
function since(counter: Pick<SiteCounters, 'requests' | 'broken' | 'shown'>): AnswerCounts {
  const { requests, errors, broken } = totalsOf(counter);
  const { shown } = counter;
  return {
    requests: requests - shown.requests,
    errors: errors - shown.errors,
    broken: broken - shown.broken,
  };
}

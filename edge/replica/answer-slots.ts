import { SLOWER, type Trial } from '../../shared/wire/rollout-api.ts';
import { LATENCY_BUCKETS, type ServingCounters } from '../messages/counters.ts';

/** The minutes before a rollout have at least this many slots, and at most twice as many. */
const WINDOW = 60;
/** A median of fewer answers says nothing about a slot, and one of fewer says nothing about the past. */
const LEAST_ANSWERS = { slot: 10, past: 100 };
/** What is quicker than this is never slow: no reader notices. */
const UNNOTICED_SECONDS = 0.025;

/** A site whose answers matter for a rollout: it shows the revision on trial, or another edge does. */
export interface ObservedSite {
  readonly name: string;
  readonly revision: number;
  readonly isTrial: boolean;
}

export type SlotCounts = Pick<Trial, 'speed' | 'silence' | 'busy'>;

/**
 * Looks at the answers of each site in slots of five seconds. A slot counts once, however many of its answers are slow,
 * because slow answers come together. `tick` is called at the end of each slot.
 */
export class AnswerSlots {
  readonly #sites = new Map<string, SiteSlots>();

  /** `requests` are the requests of readers under a revision on trial. */
  tick(processes: readonly ServingCounters[], requests: ReadonlyMap<string, number>): void {
    const names = new Set(processes.flatMap((counters) => Object.keys(counters)));
    for (const name of this.#sites.keys()) if (!names.has(name)) this.#sites.delete(name);
    for (const name of names) {
      const buckets = sumOf(processes.map((counters) => counters[name]?.buckets ?? NO_ANSWERS));
      const site = this.#sites.get(name);
      if (site === undefined) this.#sites.set(name, new SiteSlots(buckets));
      else site.tick(buckets, requests.get(name));
    }
  }

  /** Called when these sites are observed from now on, and no others. */
  observe(sites: readonly ObservedSite[]): void {
    const observed = new Map(sites.map((site) => [site.name, site]));
    for (const name of observed.keys())
      if (!this.#sites.has(name)) this.#sites.set(name, new SiteSlots(NO_ANSWERS));
    for (const [name, slots] of this.#sites) slots.observe(observed.get(name));
  }

  of(name: string): SlotCounts {
    return this.#sites.get(name)?.counts ?? NO_SLOTS;
  }
}

const NO_ANSWERS: readonly number[] = [...LATENCY_BUCKETS, 0].map(() => 0);
const NO_SLOTS: SlotCounts = {
  speed: { slots: 0, slower: SLOWER.map(() => 0) },
  silence: { slots: 0, of: 0 },
  busy: { slots: 0, of: 0 },
};

interface Observation {
  readonly key: string;
  /** The median before it began, in seconds. Undefined when too few answers were counted. */
  readonly median: number | undefined;
  readonly speed: { slots: number; slower: number[] };
  readonly silence: { slots: number; of: number };
  /** The most requests that were counted. The count falls for a moment when a process ends. */
  most: number;
}

class SiteSlots {
  #buckets: readonly number[];
  /** The slots of the current window and of the one before. */
  #windows: readonly [Trial['busy'], Trial['busy']] = [
    { slots: 0, of: 0 },
    { slots: 0, of: 0 },
  ];
  #observation: Observation | undefined;

  constructor(buckets: readonly number[]) {
    this.#buckets = buckets;
  }

  get counts(): SlotCounts {
    const { speed, silence } = this.#observation ?? NO_SLOTS;
    const [now, before] = this.#windows;
    const busy = { slots: now.slots + before.slots, of: now.of + before.of };
    return { speed: { slots: speed.slots, slower: [...speed.slower] }, silence: { ...silence }, busy };
  }

  observe(site: ObservedSite | undefined): void {
    const key = `${site?.revision} ${site?.isTrial}`;
    if (site === undefined) this.#observation = undefined;
    else if (this.#observation?.key !== key)
      this.#observation = {
        ...{ key, median: medianOf(this.#buckets, LEAST_ANSWERS.past), most: 0 },
        speed: { slots: 0, slower: SLOWER.map(() => 0) },
        silence: { slots: 0, of: 0 },
      };
  }

  tick(buckets: readonly number[], requests: number | undefined): void {
    const slot = buckets.map((count, i) => Math.max(0, count - (this.#buckets[i] ?? 0)));
    this.#buckets = buckets;
    if (this.#observation !== undefined) countSlot(this.#observation, slot, requests);
    // The minutes before the revision was shown are kept while it is on trial.
    if (requests === undefined) this.#countWindow(slot.some((count) => count > 0));
  }

  #countWindow(isBusy: boolean): void {
    const [now, before] = this.#windows;
    const grown = { slots: now.slots + (isBusy ? 1 : 0), of: now.of + 1 };
    this.#windows = grown.of < WINDOW ? [grown, before] : [{ slots: 0, of: 0 }, grown];
  }
}

function countSlot(observation: Observation, slot: readonly number[], requests: number | undefined): void {
  const { median: before, speed, silence, most } = observation;
  const median = medianOf(slot, LEAST_ANSWERS.slot);
  if (before !== undefined && median !== undefined) {
    speed.slots++;
    for (const [i, times] of SLOWER.entries())
      if (median > Math.max(UNNOTICED_SECONDS, times * before)) speed.slower[i] = (speed.slower[i] ?? 0) + 1;
  }
  if (requests === undefined) return;
  silence.of++;
  silence.slots = requests > most ? 0 : silence.slots + 1;
  observation.most = Math.max(most, requests);
}

/** The median of durations that were counted in buckets, as if they were spread evenly over each bucket. */
function medianOf(buckets: readonly number[], least: number): number | undefined {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  if (all < least) return undefined;
  let below = 0;
  for (const [i, count] of buckets.entries()) {
    const from = LATENCY_BUCKETS[i - 1] ?? 0;
    const to = LATENCY_BUCKETS[i] ?? from;
    if (below + count >= all / 2) return from + (to - from) * ((all / 2 - below) / count);
    below += count;
  }
  return undefined;
}

function sumOf(lists: readonly (readonly number[])[]): readonly number[] {
  return NO_ANSWERS.map((_, i) => lists.reduce((sum, list) => sum + (list[i] ?? 0), 0));
}

import type { LogRecord } from '../../shared/log/record.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { Span } from './sync-faults.ts';
import { STRICT, type SyncPolicy } from './sync-plan.ts';
import type { Read } from './sync-readers.ts';

/** The outcome of a sync publish, as its publisher learned it. */
export type Ending =
  | { readonly kind: 'answered'; readonly commit: Commit }
  | { readonly kind: 'aborted'; readonly revision: number }
  | { readonly kind: 'timeout' }
  /** The origin was killed before it answered. */
  | { readonly kind: 'lost' };

export interface Publish {
  readonly site: string;
  readonly marker: string;
  readonly policy: SyncPolicy;
  readonly began: number;
  readonly ended: number;
  readonly ending: Ending;
  /** The deploy was committed again after a lost answer, so this answer may repeat an earlier one. */
  readonly isRepeated: boolean;
}

/** The log's records of one revision. */
interface Logged {
  readonly marker: string;
  readonly mode: string;
  activated: { mode: string; degraded?: string } | undefined;
  aborted: string | undefined;
  outcome: { visible: string[]; unconfirmed: string[] } | undefined;
}

export type Logs = ReadonlyMap<string, ReadonlyMap<number, Logged>>;

/** From the time `from` on, the edge answers new requests from this revision or a newer one. */
export interface Floor {
  readonly site: string;
  readonly edge: string;
  readonly revision: number;
  readonly from: number;
  readonly why: 'counted' | 'unconfirmed' | 'not named';
}

/** An async publish during the sync ones. */
export interface AsyncPublish {
  readonly began: number;
  readonly ended: number;
  /** The origin was killed before it answered. */
  readonly isLost: boolean;
}

/** A time at which this process itself was late. */
export interface Late {
  readonly at: number;
  readonly ms: number;
}

export type Fault = { readonly kind: string; readonly text: string };

const LEASE_MS = 6000;
const STARVED_MS = 300;
const AFTER_TIMEOUT_MS = 1000;

export function readLog(records: readonly LogRecord[]): { logs: Logs; faults: Fault[] } {
  const faults: Fault[] = [];
  const names = new Map<number, string>();
  const logs = new Map<string, Map<number, Logged>>();
  for (const [i, record] of records.entries()) {
    if (record.seq !== i + 1) faults.push({ kind: 'log', text: `record ${i + 1} is missing` });
    const payload = JSON.parse(record.payload);
    if (record.kind === 'settings') names.set(record.site, payload.name);
    const site = names.get(record.site);
    if (site === undefined) continue;
    const revisions = logs.get(site) ?? new Map<number, Logged>();
    logs.set(site, revisions);
    const { message: marker, mode } = payload;
    if (record.kind === 'revision') {
      const fresh = { marker, mode, activated: undefined, aborted: undefined, outcome: undefined };
      revisions.set(record.revision, fresh);
    }
    const logged = revisions.get(record.revision);
    if (logged === undefined) continue;
    if (record.kind === 'activate') logged.activated = payload;
    if (record.kind === 'abort') logged.aborted = payload.reason;
    if (record.kind === 'outcome') logged.outcome = payload;
  }
  return { logs, faults };
}

/**
 * What an acknowledged publish promises about later answers. It promises something for each edge that it counts. On a
 * site whose edges refuse without a lease it promises it for all edges, because no reader anywhere sees older content
 * after the acknowledgement.
 */
export function floorsOf(publishes: readonly Publish[], edges: readonly string[]): Floor[] {
  return publishes.flatMap(({ site, ended, ending, isRepeated }) => {
    if (ending.kind !== 'answered' || ending.commit.outcome !== 'live') return [];
    const { revision, edges: named } = ending.commit;
    const stateOf = new Map(named.map(({ edge, state }) => [edge, state]));
    return edges.flatMap((edge): Floor[] => {
      const floor = { site, edge, revision, from: ended };
      const state = stateOf.get(edge);
      if (state === 'visible') return [{ ...floor, why: 'counted' }];
      // The repeated answer may date from before the publish waited for any edge.
      if (site !== STRICT || isRepeated) return [];
      return [{ ...floor, why: state === undefined ? 'not named' : 'unconfirmed' }];
    });
  });
}

/** Judges the answers of the edges. */
export function judgeReads(
  reads: readonly Read[],
  floors: readonly Floor[],
  logs: Logs,
  spans: readonly Span[],
): Fault[] {
  const faults: Fault[] = [];
  const tell = (kind: string, read: Read, text: string) => {
    const near = spans
      .filter(({ edge, from, to }) => edge === read.edge && from < read.ended + 500 && to > read.begun - 3000)
      .map(({ kind, from, to }) => `${kind} ${ms(from)}–${ms(to)}`);
    const what = `${read.edge} ${read.site} begun ${ms(read.begun)} ended ${ms(read.ended)}`;
    faults.push({ kind: `${kind} (${read.reader} reader)`, text: `${what}: ${text} [${near.join(', ')}]` });
  };
  for (const read of reads) {
    if (read.wrong !== '') tell('wrong answer', read, `revision ${read.revision}: ${read.wrong}`);
    if (read.status !== 200) {
      if (read.site !== STRICT && read.wrong === '') tell('refused', read, 'a site that is always served');
      continue;
    }
    const logged = logs.get(read.site)?.get(read.revision);
    if (logged === undefined) tell('unknown', read, `revision ${read.revision} is not in the log`);
    else if (logged.aborted !== undefined) tell('aborted served', read, `revision ${read.revision}`);
    else if (logged.activated === undefined) tell('pending served', read, `revision ${read.revision}`);
    if (logged !== undefined && logged.marker !== '' && logged.marker !== read.marker)
      tell('mixture', read, `revision ${read.revision} is ${logged.marker}, the body is ${read.marker}`);
    if (read.site === STRICT) {
      const cut = spans.find(
        ({ edge, from, to, isCutOff }) =>
          isCutOff && edge === read.edge && read.begun > from + LEASE_MS + 50 && read.ended < to,
      );
      if (cut !== undefined) tell('served without a lease', read, `${cut.kind} since ${ms(cut.from)}`);
    }
  }
  for (const group of groups(reads.filter(({ revision }) => revision > 0))) {
    const [{ edge, site }] = group as [Read];
    const due = floors.filter((floor) => floor.edge === edge && floor.site === site).sort(byFrom);
    const ended = group.toSorted((a, b) => a.ended - b.ended);
    let seen = 0;
    let endedAt = 0;
    let nextEnded = 0;
    let nextFloor = 0;
    let floor: Floor | undefined;
    for (const read of group.toSorted((a, b) => a.begun - b.begun)) {
      for (let before = ended[nextEnded]; before && before.ended < read.begun; before = ended[++nextEnded]) {
        if (before.revision > seen) endedAt = before.ended;
        seen = Math.max(seen, before.revision);
      }
      for (let one = due[nextFloor]; one && one.from < read.begun; one = due[++nextFloor])
        if (one.revision > (floor?.revision ?? 0)) floor = one;
      if (floor !== undefined && read.revision < floor.revision)
        tell(
          `stale: ${floor.why}`,
          read,
          `revision ${read.revision}, after ${floor.revision} was acknowledged at ${ms(floor.from)}`,
        );
      if (read.revision < seen)
        tell('went back', read, `to revision ${read.revision} from ${seen}, seen at ${ms(endedAt)}`);
    }
  }
  return faults;
}

/** Judges how publishes ended, and whether the log agrees. */
export function judgePublishes(
  publishes: readonly Publish[],
  logs: Logs,
  late: readonly Late[],
): { faults: Fault[]; exempted: number } {
  const faults: Fault[] = [];
  let exempted = 0;
  for (const { site, marker, policy, began, ended, ending, isRepeated } of publishes) {
    const tell = (kind: string, text: string) => faults.push({ kind, text: `${marker} of ${site}: ${text}` });
    const took = ended - began;
    if (took > policy.timeout * 1000 + AFTER_TIMEOUT_MS) {
      if (isStarved(late, began, ended)) exempted++;
      else tell('too late', `${ending.kind} after ${ms(took)} ms, the time-out is ${policy.timeout} s`);
    }
    const revisions = logs.get(site) ?? new Map<number, Logged>();
    const own = [...revisions].filter(([, logged]) => logged.marker === marker);
    if (ending.kind === 'lost') continue;
    if (ending.kind === 'timeout') {
      if (own.length > 0 && !isRepeated) tell('log', 'timed out before its commit, and is in the log');
      continue;
    }
    const revision = ending.kind === 'aborted' ? ending.revision : ending.commit.revision;
    const logged = revisions.get(revision);
    if (logged?.marker !== marker) {
      tell('log', `revision ${revision} is not in the log, or another's`);
      continue;
    }
    if (ending.kind === 'aborted') {
      if (logged.aborted === undefined || logged.activated !== undefined)
        tell('log', `told that it was aborted, the log says ${JSON.stringify(logged)}`);
      if (policy.onFailure !== 'abort') tell('policy', 'aborted, its policy says degrade');
      continue;
    }
    const { outcome, edges } = ending.commit;
    const named = (isVisible: boolean) =>
      edges.filter(({ state }) => (state === 'visible') === isVisible).map(({ edge }) => edge);
    if (logged.aborted !== undefined || logged.activated === undefined)
      tell('log', `told that it is ${outcome}, the log says ${JSON.stringify(logged)}`);
    if (outcome === 'degraded') {
      if (logged.activated?.degraded === undefined || logged.activated.mode !== 'async')
        tell('log', 'told that it was degraded, the log does not say so');
      if (policy.onFailure !== 'degrade') tell('policy', 'degraded, its policy says abort');
      if (named(true).length > 0) tell('log', 'degraded, and yet visible somewhere');
    }
    if (outcome !== 'live' || isRepeated) continue;
    const said = JSON.stringify({ visible: named(true), unconfirmed: named(false) });
    if (said !== JSON.stringify(logged.outcome))
      tell('log', `the answer says ${said}, the outcome ${JSON.stringify(logged.outcome)}`);
  }
  for (const [site, revisions] of logs) {
    for (const [revision, { activated, aborted }] of revisions) {
      if ((activated === undefined) === (aborted === undefined))
        faults.push({
          kind: 'log',
          text: `revision ${revision} of ${site} is ${activated === undefined ? 'neither activated nor aborted' : 'both activated and aborted'}`,
        });
    }
  }
  return { faults, exempted };
}

/** No busy machine delays a publish by so long. */
const LONG_MS = 4000;

export interface Promptness {
  readonly faults: Fault[];
  readonly before: { readonly count: number; readonly median: number; readonly p95: number };
  readonly meanwhile: {
    readonly count: number;
    readonly median: number;
    readonly p95: number;
    readonly most: number;
  };
}

/** Compares async publishes made during long sync publishes with those made before all sync publishes. */
export function judgeAsync(
  publishes: readonly AsyncPublish[],
  sync: readonly Publish[],
  since: number,
  late: readonly Late[],
): Promptness {
  const done = publishes.filter(({ isLost }) => !isLost);
  const took = ({ began, ended }: AsyncPublish) => ended - began;
  const before = done.filter(({ ended }) => ended < since).map(took);
  // Only async publishes during the long waits could be delayed.
  const waits = sync.filter(({ began, ended }) => ended - began > 500);
  const meanwhile = done.filter(({ began, ended }) =>
    waits.some((one) => one.began < began && began < one.ended && one.ended > ended - 5000),
  );
  const limit = 1000 + 4 * quantile(before, 0.5);
  // A publish that ends before the sync publish did not wait for it: the machine was busy.
  const outlasted = ({ began, ended }: AsyncPublish) =>
    waits.some((one) => one.began < began && began < one.ended && one.ended <= ended);
  const faults = meanwhile
    .filter((one) => took(one) > limit && (outlasted(one) || took(one) > LONG_MS))
    .filter(({ began, ended }) => !isStarved(late, began, ended))
    .map(({ began, ended }) => ({ kind: 'async waits', text: `${ms(ended - began)} ms, at ${ms(began)}` }));
  const times = meanwhile.map(took);
  return {
    faults,
    before: { count: before.length, median: quantile(before, 0.5), p95: quantile(before, 0.95) },
    meanwhile: {
      count: times.length,
      median: quantile(times, 0.5),
      p95: quantile(times, 0.95),
      most: Math.max(0, ...times),
    },
  };
}

function isStarved(late: readonly Late[], from: number, to: number): boolean {
  return late.some(({ at, ms }) => ms > STARVED_MS && at > from && at - ms < to);
}

function groups(reads: readonly Read[]): Read[][] {
  return [...Map.groupBy(reads, ({ edge, site }) => `${edge} ${site}`).values()];
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

const byFrom = (a: Floor, b: Floor) => a.from - b.from;
const ms = (time: number) => Math.round(time);

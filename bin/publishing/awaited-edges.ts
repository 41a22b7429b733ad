import { SkerryError } from '../../shared/errors.ts';
import type { AliasWithEdges } from '../../shared/wire/alias-api.ts';
import type { Commit, EdgeStatus } from '../../shared/wire/api.ts';
import { humanBytes } from '../terminal/output.ts';

/** An edge that has not yet done what the command waits for. */
export interface LateEdge {
  readonly edge: string;
  /** Describes the progress of the edge, for people. */
  readonly why: string;
  /** If this text changes, the edge has made progress. */
  readonly progress: string;
  /** True if it is useless to wait longer. */
  readonly isHopeless: boolean;
}

/**
 * The edges that a command waits for: the names of those that are done, the other edges that are online, and those that
 * are offline.
 */
export interface Awaited {
  readonly done: readonly string[];
  readonly missing: readonly LateEdge[];
  readonly absent: readonly LateEdge[];
}

/**
 * Sorts the edges by whether they show this or a later revision of a site. Drained edges and edges that stay behind on
 * purpose are left out.
 */
export function showing(
  edges: readonly EdgeStatus[],
  site: string,
  { revision, seq }: Pick<Commit, 'revision' | 'seq'>,
): Awaited {
  const awaited = edges.filter(keepsUp).filter((edge) => edge.diverged !== null || site in edge.sites);
  const isDone = ({ sites }: EdgeStatus) => (sites[site]?.revision ?? 0) >= revision;
  return sorted(awaited, isDone, (edge) => lateEdge(edge, seq, site));
}

/** Sorts the edges by whether readers see this revision under an alias. */
export function showingUnder(
  edges: readonly EdgeStatus[],
  { revision, seq }: Pick<Commit, 'revision' | 'seq'>,
  alias: AliasWithEdges,
): Awaited {
  if (alias.revision !== revision)
    throw new SkerryError('unconfirmed', `the alias ${alias.name} now points to revision ${alias.revision}`);
  const shown = new Map(alias.edges.map((one) => [one.edge, one]));
  const awaited = edges.filter(({ name, diverged }) => shown.has(name) || diverged !== null).filter(keepsUp);
  const isDone = ({ name }: EdgeStatus) => shown.get(name)?.revision === revision;
  return sorted(awaited, isDone, (edge) => {
    const late = lateEdge(edge, seq);
    const under = shown.get(edge.name);
    if (under === undefined || late.isHopeless) return late;
    const at = under.revision === 0 ? 'nothing there' : `revision ${under.revision} there`;
    return {
      ...late,
      why: whyLate(at, under.pendingBytes, under.error),
      progress: JSON.stringify([late.progress, under]),
    };
  });
}

/** How many edges would show a publish to this site, which need not exist yet. */
export function wouldShow(edges: readonly EdgeStatus[], site: string): number {
  const takes = (sites: readonly string[] | null) => sites === null || sites.includes(site);
  return edges.filter((edge) => keepsUp(edge) && takes(edge.mayRead) && takes(edge.limits.sites)).length;
}

/** Sorts the edges by whether they have answered the purge in record `seq`. */
export function purged(edges: readonly EdgeStatus[], seq: number, answered: ReadonlySet<string>): Awaited {
  const awaited = edges.filter(({ revoked }) => !revoked);
  return sorted(
    awaited,
    ({ name }) => answered.has(name),
    (edge) => lateEdge(edge, seq),
  );
}

function sorted(
  awaited: readonly EdgeStatus[],
  isDone: (edge: EdgeStatus) => boolean,
  late: (edge: EdgeStatus) => LateEdge,
): Awaited {
  const left = awaited.filter((edge) => !isDone(edge));
  return {
    done: awaited.filter((edge) => edge.online && isDone(edge)).map(({ name }) => name),
    missing: left.filter(({ online }) => online).map(late),
    absent: left.filter(({ online }) => !online).map((edge) => ({ ...late(edge), why: 'offline' })),
  };
}

/** The edges that a sync publish waited for but that have not confirmed it. */
export function unconfirmed({ mode, edges }: Pick<Commit, 'mode' | 'edges'>): string[] {
  return mode === 'sync' ? edges.filter(({ state }) => state !== 'visible').map(({ edge }) => edge) : [];
}

function keepsUp({ paused, drained, revoked, limits }: EdgeStatus): boolean {
  return !paused && !drained && !revoked && limits.delay === 0 && limits.schedule === null;
}

/**
 * `seq` is the record that the edge must store first. Records after it do not count as progress, because a busy log
 * always has more of them.
 */
function lateEdge(
  { name, diverged, position, sites, faults }: EdgeStatus,
  seq: number,
  site?: string,
): LateEdge {
  const shown = site === undefined ? undefined : sites[site];
  const isHopeless = diverged !== null;
  const fault = shown?.error ?? faults.at(-1)?.message;
  const at = shown === undefined ? `at record ${position}` : `at revision ${shown.revision}`;
  return {
    edge: name,
    why: isHopeless
      ? `diverged: it has records up to ${diverged.position} that are not the origin's`
      : whyLate(at, shown?.lag.bytes ?? 0, fault),
    progress: JSON.stringify([
      name,
      Math.min(position, seq),
      shown?.revision,
      shown?.prepared,
      shown?.lag.bytes,
    ]),
    isHopeless,
  };
}

function whyLate(at: string, bytes: number, fault: string | null | undefined): string {
  return `${at}${bytes === 0 ? '' : `, ${humanBytes(bytes)} to fetch`}${fault == null ? '' : `: ${fault}`}`;
}

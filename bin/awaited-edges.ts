import type { Commit, EdgeStatus } from '../shared/api.ts';
import { humanBytes } from './output.ts';

/** An edge that has not done yet what is waited for. */
export interface LateEdge {
  readonly edge: string;
  /** Where it stands, for people. */
  readonly why: string;
  /** Whatever changes here is progress. */
  readonly progress: string;
  /** Waiting longer cannot help. */
  readonly isHopeless: boolean;
}

/** The edges that have done what is waited for, by name, and the others that are here. */
export interface Awaited {
  readonly done: readonly string[];
  readonly missing: readonly LateEdge[];
}

/** Which of the online edges show a revision of a site, or a later one; those that stay behind on purpose do not count. */
export function showing(
  edges: readonly EdgeStatus[],
  site: string,
  { revision, seq }: Pick<Commit, 'revision' | 'seq'>,
): Awaited {
  const awaited = edges.filter(isAwaited).filter((edge) => edge.diverged !== null || site in edge.sites);
  const isDone = ({ sites }: EdgeStatus) => (sites[site]?.revision ?? 0) >= revision;
  return {
    done: awaited.filter(isDone).map(({ name }) => name),
    missing: awaited.filter((edge) => !isDone(edge)).map((edge) => lateEdge(edge, seq, site)),
  };
}

/** Which of the online edges have answered the purge of a record. */
export function purged(edges: readonly EdgeStatus[], seq: number, answered: ReadonlySet<string>): Awaited {
  const awaited = edges.filter(({ online, revoked }) => online && !revoked);
  return {
    done: awaited.filter(({ name }) => answered.has(name)).map(({ name }) => name),
    missing: awaited.filter(({ name }) => !answered.has(name)).map((edge) => lateEdge(edge, seq)),
  };
}

/** The edges that a sync publish waited for and that have not confirmed it. */
export function unconfirmed({ mode, edges }: Pick<Commit, 'mode' | 'edges'>): string[] {
  return mode === 'sync' ? edges.filter(({ state }) => state !== 'visible').map(({ edge }) => edge) : [];
}

function isAwaited({ online, paused, limits }: EdgeStatus): boolean {
  return online && !paused && limits.delay === 0 && limits.schedule === null;
}

/** `seq` is the record that it is to have read first: those after it are no progress, and a busy log has ever more. */
function lateEdge(
  { name, diverged, position, sites, faults }: EdgeStatus,
  seq: number,
  site?: string,
): LateEdge {
  const shown = site === undefined ? undefined : sites[site];
  const isHopeless = diverged !== null;
  const fault = shown?.error ?? faults.at(-1)?.message;
  const at = shown === undefined ? `at record ${position}` : `at revision ${shown.revision}`;
  const left =
    shown === undefined || shown.lag.bytes === 0 ? '' : `, ${humanBytes(shown.lag.bytes)} to fetch`;
  return {
    edge: name,
    why: isHopeless
      ? `diverged: it has records up to ${diverged.position} that are not the origin's`
      : `${at}${left}${fault === undefined ? '' : `: ${fault}`}`,
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

import { MOST_ASSIGNMENTS } from '../../shared/work/assignment.ts';
import { MOST_ATTEMPTS } from '../catalog/limits.ts';
import type { EndState, IssuedAttempt, ShareRow, TaskChanges, TaskRow } from '../catalog/task-calls.ts';

/**
 * An edge that has not reported for this long has lost its attempts at shares that any edge can do. A change of the
 * upstream takes an edge less time than this.
 */
export const LOST_MS = 60_000;
/** If an attempt takes longer than this, a second edge gets the share, too. The first result counts. */
const STRAGGLER_MS = 120_000;
/** The maximum number of shares that one plan changes. The next plan continues. */
const MOST_CHANGES = 1000;

/** The properties of an edge that a plan needs. */
export interface TaskEdge {
  readonly name: string;
  readonly region: string;
  readonly labels: readonly string[];
  readonly isRevoked: boolean;
  readonly isOnline: boolean;
  /** The milliseconds since its last report to this process, or since the process began. */
  readonly silentFor: number;
  /** Whether it gets work that any edge can do. A drained, paused or diverged edge does not. */
  readonly isFree: boolean;
  /** The kinds of work that it takes. */
  readonly kinds: readonly string[];
  /** The sites that it replicates. Null for all. */
  readonly sites: readonly string[] | null;
  /** How busy the edge is with its readers. Less is better; the unit does not matter. */
  readonly load: number;
}

/** An open task with all its shares, in ascending order. */
export interface OpenTask {
  readonly row: TaskRow;
  /** The site that the arguments of the task name. */
  readonly site: string | undefined;
  readonly shares: ReadonlyMap<number, ShareRow>;
}

type Edges = ReadonlyMap<string, TaskEdge>;

/**
 * An edge has at most this many assignments of one kind at a time. So slow work of one kind leaves room for other
 * kinds.
 */
export const MOST_OF_A_KIND = 2;

/** Decides what happens to the open tasks now. The same arguments give the same plan, except for the nonces in it. */
export function planTasks(
  tasks: Iterable<OpenTask>,
  edges: Edges,
  now: number,
  nonce: () => string,
): TaskChanges {
  const open = [...tasks];
  const rooms = roomsOf(open);
  const situation: Situation = { edges, rooms, candidates: new Candidates(edges, rooms), now, nonce };
  const shares: ShareRow[] = [];
  for (const task of open) {
    for (const share of task.shares.values()) {
      if (share.state !== 'open') continue;
      const next = planShare(task, share, situation);
      if (next !== share) shares.push(next);
      if (shares.length >= MOST_CHANGES) return { shares, ended: endedBy(open, shares, now) };
    }
  }
  return { shares, ended: endedBy(open, shares, now) };
}

/** The tasks whose last open shares end with these changes. */
export function endedBy(
  tasks: Iterable<OpenTask>,
  changes: readonly ShareRow[],
  now: number,
): TaskChanges['ended'] {
  const changed = Map.groupBy(changes, ({ task }) => task);
  return [...tasks].flatMap(({ row, shares }) => {
    const newer = new Map(changed.get(row.id)?.map((share) => [share.share, share]));
    const states = new Set([...shares.values()].map((share) => (newer.get(share.share) ?? share).state));
    if (states.has('open')) return [];
    const state: EndState = states.has('failed') ? 'failed' : states.has('expired') ? 'expired' : 'done';
    return [{ task: row.id, state, time: now }];
  });
}

interface Situation {
  readonly edges: Edges;
  /** How many more assignments each edge may get. It shrinks while the plan is made. */
  readonly rooms: Rooms;
  readonly candidates: Candidates;
  readonly now: number;
  /** Makes the nonce of an attempt. */
  readonly nonce: () => string;
}

function planShare(task: OpenTask, share: ShareRow, situation: Situation): ShareRow {
  const { deadline, kind } = task.row;
  const { edges, rooms, now, nonce } = situation;
  if (now >= deadline) return ended(share, 'expired', 'task-expired', expiryOf(share));
  if (share.edge !== null && edges.get(share.edge)?.isRevoked !== false)
    return ended(share, 'failed', 'no-such-edge', `the edge ${share.edge} was revoked`);
  const kept = share.edge === null ? withoutLost(share, edges) : share;
  const active = kept.attempts.filter(({ isActive }) => isActive);
  if (now < kept.notBefore || !needsAttempt(kept, active, now)) return kept;
  const edge = kept.edge === null ? freestEdge(task, kept, situation) : edges.get(kept.edge);
  if (edge === undefined || !edge.isOnline || !rooms.has(edge.name, kind)) return kept;
  rooms.take(edge.name, kind);
  const attempt = (kept.attempts.at(-1)?.attempt ?? 0) + 1;
  const attempts = [
    ...kept.attempts,
    { attempt, nonce: nonce(), edge: edge.name, since: now, isActive: true },
  ];
  return { ...kept, attempts: attempts.slice(-MOST_ATTEMPTS) };
}

function needsAttempt({ edge }: ShareRow, active: readonly IssuedAttempt[], now: number): boolean {
  const [first] = active;
  if (first === undefined) return true;
  return edge === null && active.length === 1 && now - first.since >= STRAGGLER_MS;
}

/** A share that belongs to one edge waits for that edge. Other shares go to another edge. */
function withoutLost(share: ShareRow, edges: Edges): ShareRow {
  const isLost = ({ edge, isActive }: IssuedAttempt) => {
    const {
      isOnline = false,
      silentFor = Number.POSITIVE_INFINITY,
      isRevoked = true,
    } = edges.get(edge) ?? {};
    return isActive && (isRevoked || (!isOnline && silentFor >= LOST_MS));
  };
  if (!share.attempts.some(isLost)) return share;
  return {
    ...share,
    attempts: share.attempts.map((one) => (isLost(one) ? { ...one, isActive: false } : one)),
  };
}

/** The edge with the least work that can do the share. An edge that has tried it comes after those that have not. */
function freestEdge(task: OpenTask, share: ShareRow, { rooms, candidates }: Situation): TaskEdge | undefined {
  const tries = (edge: TaskEdge) => share.attempts.filter((one) => one.edge === edge.name).length;
  const isTrying = (edge: TaskEdge) => share.attempts.some((one) => one.isActive && one.edge === edge.name);
  const [first, ...rest] = candidates.for(task).filter((edge) => !isTrying(edge));
  const order = (a: TaskEdge, b: TaskEdge) =>
    tries(a) - tries(b) ||
    rooms.taken(a.name) - rooms.taken(b.name) ||
    a.load - b.load ||
    (a.name < b.name ? -1 : 1);
  return first && rest.reduce((best, edge) => (order(edge, best) < 0 ? edge : best), first);
}

/** The site that the arguments of a task name. */
export function siteIn(args: unknown): string | undefined {
  if (typeof args !== 'object' || args === null || !('site' in args)) return undefined;
  return typeof args.site === 'string' ? args.site : undefined;
}

export const replicates = ({ sites }: TaskEdge, site: string): boolean =>
  sites === null || sites.includes(site);

function expiryOf({ attempts }: ShareRow): string {
  const newest = attempts.at(-1);
  if (newest === undefined) return 'no edge has begun before the deadline';
  return `${newest.edge} has not finished before the deadline`;
}

function ended(share: ShareRow, state: EndState, code: string, message: string): ShareRow {
  return { ...withoutAttempts(share), state, result: JSON.stringify({ code, message }) };
}

/** The same share without active attempts, for a share on which no edge is to work any longer. */
export function withoutAttempts(share: ShareRow): ShareRow {
  return { ...share, attempts: share.attempts.map((one) => ({ ...one, isActive: false })) };
}

/** The assignments of each edge. */
class Rooms {
  readonly #taken = new Map<string, number>();

  taken(edge: string): number {
    return this.#taken.get(edge) ?? 0;
  }

  has(edge: string, kind: string): boolean {
    return this.taken(edge) < MOST_ASSIGNMENTS && this.taken(`${edge} ${kind}`) < MOST_OF_A_KIND;
  }

  take(edge: string, kind: string): void {
    for (const key of [edge, `${edge} ${kind}`]) this.#taken.set(key, this.taken(key) + 1);
  }
}

/**
 * The edges that can do tasks for any one edge. A thousand tasks may wait for a thousand edges, so the plan lists the
 * edges once for all tasks of a kind and site, and drops full edges from the list. No edge gets more room while a plan
 * is made.
 */
class Candidates {
  readonly #edges: Edges;
  readonly #rooms: Rooms;
  readonly #lists = new Map<string, TaskEdge[]>();

  constructor(edges: Edges, rooms: Rooms) {
    this.#edges = edges;
    this.#rooms = rooms;
  }

  for({ row: { kind }, site }: OpenTask): readonly TaskEdge[] {
    const key = `${kind} ${site ?? ''}`;
    const before =
      this.#lists.get(key) ?? [...this.#edges.values()].filter((edge) => isAble(edge, kind, site));
    const list = before.filter(({ name }) => this.#rooms.has(name, kind));
    this.#lists.set(key, list);
    return list;
  }
}

function isAble(edge: TaskEdge, kind: string, site: string | undefined): boolean {
  const { isOnline, isFree, isRevoked, kinds } = edge;
  if (!isOnline || !isFree || isRevoked || !kinds.includes(kind)) return false;
  return site === undefined || replicates(edge, site);
}

function roomsOf(tasks: readonly OpenTask[]): Rooms {
  const rooms = new Rooms();
  for (const { row, shares } of tasks)
    for (const { state, attempts } of shares.values())
      if (state === 'open')
        for (const { edge, isActive } of attempts) if (isActive) rooms.take(edge, row.kind);
  return rooms;
}

import type { SitePolicy } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';

/**
 * One edge in a sync publish. `gone` means that its lease ended before it was seen to show the revision. Such an edge
 * counts again only once it has prepared the revision. A `visible` edge stays visible.
 */
export type EdgePhase = 'preparing' | 'prepared' | 'visible' | 'gone';

export interface SyncState {
  readonly require: SitePolicy['sync']['require'];
  /** The commit point has passed, so the publish can no longer be aborted. */
  readonly isActivated: boolean;
  /** Why the wait is over, or null while it lasts. */
  readonly over: 'timeout' | 'stopped' | null;
  /** After the response, no reader may get older content: each edge must show the revision or have stopped serving. */
  readonly isStrict: boolean;
  readonly edges: ReadonlyMap<string, EdgePhase>;
}

export type SyncEvent =
  | { readonly kind: 'report'; readonly edge: string; readonly prepared: boolean; readonly visible: boolean }
  | { readonly kind: 'lease-ended'; readonly edge: string }
  /** `servers` are the edges that may still serve the site, if the site requires a lease. */
  | { readonly kind: 'activated'; readonly servers: readonly string[] }
  | { readonly kind: 'timeout' }
  /** The origin ends. */
  | { readonly kind: 'stopped' };

export type SyncFailure = 'no-edges' | 'quorum-lost' | 'timeout' | 'stopped';

export type SyncDecision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'activate' }
  | { readonly kind: 'fail'; readonly reason: SyncFailure }
  | { readonly kind: 'done' };

export function beginSync(
  edges: readonly string[],
  require: SitePolicy['sync']['require'],
  { isActivated = false, isStrict = false }: Partial<Pick<SyncState, 'isActivated' | 'isStrict'>> = {},
): SyncState {
  const phases = new Map(edges.map((edge) => [edge, 'preparing' as const]));
  return { require, isActivated, isStrict, over: null, edges: phases };
}

export function step(state: SyncState, event: SyncEvent): SyncState {
  if (event.kind === 'timeout' || event.kind === 'stopped') return { ...state, over: event.kind };
  if (event.kind === 'activated') {
    const edges = new Map(state.edges);
    for (const edge of event.servers) if (edges.get(edge) !== 'visible') edges.set(edge, 'prepared');
    return { ...state, isActivated: true, edges };
  }
  const before = state.edges.get(event.edge);
  if (before === undefined) return state;
  const after = event.kind === 'report' ? reported(before, event) : before === 'visible' ? before : 'gone';
  return after === before ? state : { ...state, edges: new Map(state.edges).set(event.edge, after) };
}

function reported(
  before: EdgePhase,
  { prepared, visible }: { prepared: boolean; visible: boolean },
): EdgePhase {
  if (visible || before === 'visible') return 'visible';
  return prepared ? 'prepared' : before;
}

export function decide(state: SyncState): SyncDecision {
  return state.isActivated ? decideDone(state) : decideActivation(state);
}

function decideActivation({ require, over, edges }: SyncState): SyncDecision {
  const counted = [...edges.values()].filter((phase) => phase !== 'gone');
  const ready = counted.filter((phase) => phase !== 'preparing').length;
  // If a publish is ready too late, its time-out would pass before any edge can show it. So it fails instead.
  if (over !== null) return { kind: 'fail', reason: over };
  if (counted.length === 0) return { kind: 'fail', reason: 'no-edges' };
  if (require === 'all') return ready === counted.length ? { kind: 'activate' } : { kind: 'wait' };
  if (counted.length < require.quorum) return { kind: 'fail', reason: 'quorum-lost' };
  return ready >= require.quorum ? { kind: 'activate' } : { kind: 'wait' };
}

/**
 * With a quorum, every participating edge that shows the revision counts, whether or not it was prepared at the
 * activation.
 */
function decideDone({ require, over, edges, isStrict }: SyncState): SyncDecision {
  const phases = [...edges.values()];
  const visible = phases.filter((phase) => phase === 'visible').length;
  const isSettled = phases.every((phase) => phase === 'visible' || phase === 'gone');
  const isEnough = !isStrict && require !== 'all' && visible >= require.quorum;
  return over !== null || isSettled || isEnough ? { kind: 'done' } : { kind: 'wait' };
}

/** The edges for a response, sorted. A revision that was not activated is visible at no edge. */
export function edgeStates({ edges }: SyncState): Commit['edges'] {
  return [...edges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([edge, phase]) => ({
      edge,
      state: phase === 'visible' ? phase : phase === 'preparing' ? 'not-prepared' : 'unconfirmed',
    }));
}

import type { EdgeSite, Milestone } from '../../store/catalog.ts';
import type { Cover } from '../../store/cover.ts';

/** The properties of this edge that decide what it shows. */
export interface ShowingEdge {
  readonly name: string;
  /** It is not paused, delayed or scheduled. Otherwise, it shows only what is activated. */
  readonly keepsUp: boolean;
  /** It is neither delayed nor scheduled. It may have taken aliases in before it was restarted with a delay. */
  readonly showsAliases: boolean;
  /** It has lost the origin for so long that nobody can judge what its readers meet. */
  readonly isLapsed: boolean;
}

/** A revision that this edge shows under the site's own names. */
export interface Shown extends Pick<Milestone, 'revision' | 'root' | 'seq'> {
  readonly covers: Cover;
  /** The other revision of a rollout. Pages of it that readers have loaded elsewhere ask here for its assets. */
  readonly beside: number | null;
  /** Whether this is the new revision of a rollout, which is being judged. */
  readonly isTrial: boolean;
}

/**
 * What an edge shows, as a function of the log up to its position: the rollout's revision at the edges that its last step
 * names, and the active revision elsewhere. The rollout's revision must be complete here.
 */
export function shownAt(site: EdgeSite, edge: ShowingEdge): Shown {
  const { active, returned, covers, rollout, kept } = site;
  const held = rollout?.isReady ? kept.find(({ revision }) => revision === rollout.revision) : undefined;
  const seq = returned ?? active.seq;
  const base: Shown = { ...active, seq, covers, beside: null, isTrial: false };
  if (rollout === null || held?.covers == null || active.revision === rollout.revision) return base;
  const isTrial = edge.keepsUp && !edge.isLapsed && rollout.edges.includes(edge.name);
  if (!isTrial) return { ...base, beside: edge.keepsUp ? rollout.revision : null };
  const { revision, root, isActivated } = rollout;
  const { seq: since } = rollout;
  return { revision, root, seq: since, covers: held.covers, beside: active.revision, isTrial: !isActivated };
}

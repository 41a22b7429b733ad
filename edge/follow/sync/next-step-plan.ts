import { nextWindow, windowAt } from '../../../shared/site/schedule.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { Activation, EdgeSite, Milestone } from '../../store/catalog.ts';
import { coverOf, sameCover } from '../../store/cover.ts';
import { namedBeside, nextToFill, nextToGiveUp, nextToKeep, showsAliases } from './alias-plan.ts';

/** The next step of a site's loop. Times are those of the log, in milliseconds since 1970. */
export type Step =
  /** Do nothing until this time, or until the log moves. */
  | { readonly kind: 'rest'; readonly until: number | null }
  /** Fetch the revision and show it. */
  | {
      readonly kind: 'sync';
      readonly milestone: Milestone;
      /** The time at which the window closes and fetching must stop. */
      readonly closes: number | null;
      /** Bytes per second, or null for no limit. */
      readonly rate: number | null;
    }
  /** Fetch the revision of a synchronous publish, and wait for its activation. */
  | { readonly kind: 'prepare'; readonly milestone: Milestone }
  /** Remove a staged revision that was aborted. */
  | { readonly kind: 'forget'; readonly revision: number }
  /** Take in a manifest that an alias or a rollout names, or that is older than such a one. */
  | { readonly kind: 'keep'; readonly milestone: Milestone }
  /** Fetch the missing objects of a kept revision, and let its aliases and its rollout show it. */
  | { readonly kind: 'fill'; readonly revision: number }
  /** Remove the newest manifest, because nothing names it any more. */
  | { readonly kind: 'give-up'; readonly revision: number }
  /** Fetch the missing objects of the active revision, because the set of objects to hold has changed. */
  | { readonly kind: 'cover' };

type Gate =
  | { readonly isOpen: true; readonly closes: number | null }
  /** `opens` is null if this can be decided only when the time is known. */
  | { readonly isOpen: false; readonly opens: number | null };

const OPEN: Gate = { isOpen: true, closes: null };

/**
 * Chooses the next step. It chooses the newest activation that may be fetched now. Older activations are skipped. What
 * is live comes before what only aliases show, but for manifests that must be taken in first (`alias-plan.ts`). A step that does not depend on the time does not wait for it. `now` is the lower bound of the log's time, or null when
 * it is not known yet.
 */
export function nextStep(site: EdgeSite, limits: EdgeLimits, isPaused: boolean, now: number | null): Step {
  if (isPaused || !isWanted(site, limits)) return { kind: 'rest', until: null };
  const waits: number[] = [];
  const waiting: Activation[] = [];
  const keepBefore = (revision: number): Step | undefined => {
    const milestone = showsAliases(limits) ? nextToKeep(site, waiting, revision) : undefined;
    return milestone && { kind: 'keep', milestone };
  };
  for (const activation of site.activations.toReversed()) {
    if (activation.revision === site.active.revision) break;
    const gate = gateOf(activation, site, limits, now);
    if (gate.isOpen) {
      const rate = activation.mode === 'batch' ? site.policy.batch.rate : null;
      const sync: Step = { kind: 'sync', milestone: activation, closes: gate.closes, rate };
      return keepBefore(activation.revision) ?? sync;
    }
    waiting.push(activation);
    if (gate.opens !== null) waits.push(gate.opens);
  }
  if (shouldPrepare(site, limits))
    return keepBefore(site.proposal.revision) ?? { kind: 'prepare', milestone: site.proposal };
  if (site.staging !== null && isOrphan(site, site.staging))
    return { kind: 'forget', revision: site.staging };
  const cover = coverOf(limits, site.policy);
  if (site.active.revision > 0 && !sameCover(site.covers, cover)) return { kind: 'cover' };
  const aside = showsAliases(limits) ? nextAside() : undefined;
  if (aside !== undefined) return aside;
  return { kind: 'rest', until: waits.length === 0 ? null : Math.min(...waits) };

  /** The next step for aliases alone. A prepared revision is staged, so no manifest is taken in over it. */
  function nextAside(): Step | undefined {
    const keep = site.proposal === null ? keepBefore(Number.POSITIVE_INFINITY) : undefined;
    if (keep !== undefined) return keep;
    const fill = nextToFill(site, cover);
    if (fill !== undefined) return { kind: 'fill', revision: fill };
    const unneeded = nextToGiveUp(site);
    return unneeded === undefined ? undefined : { kind: 'give-up', revision: unneeded };
  }
}

export function isWanted({ name }: Pick<EdgeSite, 'name'>, { sites }: Pick<EdgeLimits, 'sites'>): boolean {
  return sites === null || sites.includes(name);
}

/** The revision that the edge is working towards. Reports contain it. */
export function targetOf({ active, activations }: EdgeSite): number {
  return activations.at(-1)?.revision ?? active.revision;
}

function shouldPrepare(
  site: EdgeSite,
  { delay, schedule }: EdgeLimits,
): site is EdgeSite & { readonly proposal: Milestone } {
  const { proposal, active, prepared } = site;
  // Delayed and scheduled edges take no part in a synchronous publish.
  if (proposal === null || delay > 0 || schedule !== null) return false;
  return proposal.revision > active.revision && prepared !== proposal.revision;
}

function isOrphan(site: EdgeSite, staging: number): boolean {
  const { activations, proposal } = site;
  const wanted = [...activations, ...namedBeside(site), ...(proposal === null ? [] : [proposal])];
  return !wanted.some(({ revision }) => revision === staging);
}

function gateOf(activation: Activation, site: EdgeSite, limits: EdgeLimits, now: number | null): Gate {
  const schedules =
    site.prepared === activation.revision
      ? []
      : [
          ...(limits.schedule === null ? [] : [limits.schedule]),
          ...(activation.mode === 'batch' && !activation.now ? [site.policy.batch.window] : []),
        ];
  if (limits.delay === 0 && schedules.length === 0) return OPEN;
  if (now === null) return { isOpen: false, opens: null };
  const due = activation.time + limits.delay * 1000;
  if (limits.delay > 0 && due > now) return { isOpen: false, opens: due };
  let closes: number | null = null;
  for (const schedule of schedules) {
    const window = windowAt(schedule, now);
    if (window === undefined) return { isOpen: false, opens: nextWindow(schedule, now).opens };
    closes = Math.min(closes ?? window.closes, window.closes);
  }
  return { isOpen: true, closes };
}

import { nextWindow, windowAt } from '../../../shared/site/schedule.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { Activation, EdgeSite, Milestone } from '../../store/catalog.ts';
import { coverOf, sameCover } from '../../store/cover.ts';

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
  /** Fetch the missing objects of the active revision, because the set of objects to hold has changed. */
  | { readonly kind: 'cover' };

type Gate =
  | { readonly isOpen: true; readonly closes: number | null }
  /** `opens` is null if this can be decided only when the time is known. */
  | { readonly isOpen: false; readonly opens: number | null };

const OPEN: Gate = { isOpen: true, closes: null };

/**
 * Chooses the next step. It chooses the newest activation that may be fetched now. Older activations are skipped. A
 * step that does not depend on the time does not wait for it. `now` is the lower bound of the log's time, or null when
 * it is not known yet.
 */
export function nextStep(site: EdgeSite, limits: EdgeLimits, isPaused: boolean, now: number | null): Step {
  if (isPaused || !isWanted(site, limits)) return { kind: 'rest', until: null };
  const waits: number[] = [];
  for (const activation of site.activations.toReversed()) {
    if (activation.revision === site.active.revision) break;
    const gate = gateOf(activation, site, limits, now);
    if (gate.isOpen) {
      const rate = activation.mode === 'batch' ? site.policy.batch.rate : null;
      return { kind: 'sync', milestone: activation, closes: gate.closes, rate };
    }
    if (gate.opens !== null) waits.push(gate.opens);
  }
  if (shouldPrepare(site, limits)) return { kind: 'prepare', milestone: site.proposal };
  if (site.staging !== null && isOrphan(site, site.staging))
    return { kind: 'forget', revision: site.staging };
  if (site.active.revision > 0 && !sameCover(site.covers, coverOf(limits, site.policy)))
    return { kind: 'cover' };
  return { kind: 'rest', until: waits.length === 0 ? null : Math.min(...waits) };
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

function isOrphan({ activations, proposal }: EdgeSite, staging: number): boolean {
  return proposal?.revision !== staging && !activations.some(({ revision }) => revision === staging);
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

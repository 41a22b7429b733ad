import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { Bandwidth } from '../../../shared/concurrency/bandwidth.ts';
import type { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { hasCode, toSkerryError } from '../../../shared/errors.ts';
import { recentMap } from '../../../shared/process/recent-map.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { EdgeSite } from '../../store/catalog.ts';
import { coverOf } from '../../store/cover.ts';
import { type Faults, isLie } from '../faults.ts';
import type { ObjectSource } from '../fetch/object-source.ts';
import type { LogTime } from '../log/log-time.ts';
import type { Transfer } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { isHeld } from './alias-plan.ts';
import { nextStep, type Step } from './next-step-plan.ts';
import {
  fetchBeyondActive,
  fetchManifest,
  prepareRevision,
  type SyncParts,
  stageManifest,
  unstage,
} from './site-sync.ts';

/** After this many failures of a site, for whatever reason, the edge tries another upstream. */
const FAILURES_BEFORE_NEXT = 2;
/**
 * A parent has the manifest of a draft before its objects. So a child tries this often to fetch them there before it
 * tries another upstream.
 */
const PATIENT_FILLS = 8;
const MOST_UNHELD = 10_000;
const BACKOFF = { first: 250, most: 15_000 };
/** Node's timers take no more than 24 days. */
const LONGEST_REST_MS = 60_000;

/** The progress of one site's replication, for reports. */
export interface SiteProgress {
  readonly pendingBytes: number;
  readonly error: string | null;
}

export interface SiteLoopsParts extends SyncParts {
  readonly limits: EdgeLimits;
  readonly upstreams: Upstreams;
  readonly sourceOf: (upstream: Upstream) => ObjectSource;
  readonly bandwidth: Bandwidth;
  readonly clock: Clock;
  readonly time: LogTime;
  readonly log: Logger;
  readonly faults: Faults;
  /**
   * Gives each site's manifest one writer at a time, so that repairing a damaged manifest and staging a new one exclude
   * each other.
   */
  readonly manifests: KeyedLock<number>;
  readonly isPaused: () => boolean;
  /** Called when a site begins a step. The returned function is called at its end. */
  readonly began: (site: number) => () => void;
  /** Shows the revisions that have become active. Resolves when they are visible. */
  readonly revealed: () => Promise<void>;
  /** Called when a revision is complete on this edge and waits for its activation. */
  readonly prepared: () => void;
}

/**
 * One loop per site, so that a large download for one site does not delay the others. A loop carries out the next step
 * of its site until no step is left. After a failure, it tries again with backoff, or immediately if the log moves.
 */
export class SiteLoops {
  readonly #parts: SiteLoopsParts;
  readonly #signal: AbortSignal;
  readonly #running = new Map<number, Promise<void>>();
  readonly #wakeup = new Wakeup();
  readonly #progress = new Map<number, SiteProgress>();
  /**
   * The revisions of sites that aliases name and that an upstream does not hold any more, for example because its disk
   * lost them. What is live does not wait for them while the edge follows that upstream.
   */
  readonly #unheld = recentMap<string, true>(MOST_UNHELD);

  constructor(parts: SiteLoopsParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /**
   * Starts a loop for each site that has a step to carry out. Returns whether there is such a site. It must be called
   * whenever the log has moved.
   */
  async wake(): Promise<boolean> {
    let isBusy = false;
    for (const site of await this.#parts.catalog.sites()) {
      if (isAtRest(this.#step(site))) continue;
      isBusy = true;
      if (!this.#running.has(site.id)) this.#running.set(site.id, this.#run(site.id));
    }
    this.#wakeup.wake();
    return isBusy;
  }

  progress(site: number): SiteProgress | undefined {
    return this.#progress.get(site);
  }

  /** Resolves when all loops have ended. They end after the signal has aborted. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  async #run(id: number): Promise<void> {
    const { catalog, time, log, faults, upstreams, manifests, began } = this.#parts;
    for (let attempt = 0; !this.#signal.aborted; ) {
      const upstream = upstreams.current;
      let site: EdgeSite | undefined;
      let step: Step | undefined;
      try {
        site = await catalog.site(id);
        step = site && this.#step(site);
        if (site === undefined || step === undefined || isAtRest(step)) break;
        if (step.kind === 'rest') {
          const wait = Math.max(1, (step.until ?? 0) - (time.proven() ?? 0));
          await this.#wakeup.wait(Math.min(wait, LONGEST_REST_MS), this.#signal);
          continue;
        }
        await manifests.run(id, async () => {
          // A repair may have had the manifest first, and given up a revision that the step above builds on.
          site = await catalog.site(id);
          step = site && this.#step(site);
          if (site === undefined || step === undefined || step.kind === 'rest') return;
          const ended = began(id);
          await this.#take(site, step, upstream).finally(ended);
        });
        attempt = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (error === WINDOW_CLOSED) continue;
        const isAhead = step?.kind === 'fill' && hasCode(error, 'no-such-object') && attempt < PATIENT_FILLS;
        faults.note(error, upstream.url);
        if (step?.kind === 'keep' && hasCode(error, 'no-longer-held') && attempt >= FAILURES_BEFORE_NEXT)
          this.#unheld.set(unheldKey(upstream, id, step.milestone.revision), true);
        if (isLie(error)) upstreams.avoid(upstream);
        else if (attempt >= FAILURES_BEFORE_NEXT && !isAhead) upstreams.advance(upstream);
        // A parent answers `not-yet-held` while it fetches the revision itself.
        if (!hasCode(error, 'not-yet-held') && !isAhead) {
          log.warn({ err: error, site: site?.name }, 'a site could not be synchronized');
          this.#note(id, { error: toSkerryError(error).message });
        }
        await this.#wakeup.wait(backoffDelay(attempt++, BACKOFF), this.#signal);
      }
    }
    // This runs in the same turn of the event loop as the loop's last check of the site. A later `wake` finds no loop
    // and starts one.
    this.#progress.delete(id);
    this.#running.delete(id);
  }

  async #take(site: EdgeSite, step: Exclude<Step, { kind: 'rest' }>, upstream: Upstream): Promise<void> {
    const { catalog, limits, sourceOf, bandwidth, clock, time } = this.#parts;
    const source = sourceOf(upstream);
    const progress = (pendingBytes: number) => this.#note(site.id, { pendingBytes, error: null });
    const closes = step.kind === 'sync' ? step.closes : null;
    const rate = step.kind === 'sync' ? step.rate : null;
    using window = untilClosed(closes === null ? null : closes - (time.proven() ?? closes));
    const transfer: Transfer = {
      signal: AbortSignal.any([this.#signal, window.signal]),
      bandwidths: [
        ...(limits.rate === null ? [] : [bandwidth]),
        ...(rate === null ? [] : [new Bandwidth(rate, clock)]),
      ],
    };
    if (step.kind === 'forget') return unstage(catalog, site.id, step.revision, this.#signal);
    if (step.kind === 'keep') {
      await stageManifest(this.#parts, source, site, step.milestone, transfer);
      return catalog.keep(site.id, step.milestone.revision);
    }
    if (step.kind === 'give-up') {
      // No serving process may look into the manifest when its rows go.
      await this.#parts.revealed();
      return catalog.giveUpKept(site.id, step.revision);
    }
    const cover = coverOf(limits, site.policy);
    if (step.kind === 'fill') {
      await fetchBeyondActive(this.#parts, source, site, step.revision, cover, progress, transfer);
      await catalog.fillKept(site.id, step.revision, cover);
      return this.#parts.revealed();
    }
    if (step.kind === 'cover') {
      await fetchManifest(this.#parts, source, site.id, site.active.revision, cover, progress, transfer);
      await catalog.setCovers(site.id, cover);
      return this.#parts.revealed();
    }
    await prepareRevision(this.#parts, source, site, step.milestone, cover, progress, transfer);
    if (step.kind === 'prepare') {
      await catalog.setPrepared(site.id, step.milestone.revision);
      return this.#parts.prepared();
    }
    await catalog.reveal(site.id, step.milestone, cover, time.now());
    await this.#parts.revealed();
  }

  #step(site: EdgeSite): Step {
    const { limits, isPaused, time, upstreams } = this.#parts;
    // An alias whose revision cannot be had stays at the one that it shows.
    const isUnheld = (revision: number) => this.#unheld.has(unheldKey(upstreams.current, site.id, revision));
    const aliases = site.aliases.map((alias) =>
      isUnheld(alias.revision) ? { ...alias, revision: alias.shown } : alias,
    );
    const { rollout } = site;
    const isOut = rollout !== null && !isHeld(site, rollout.revision) && isUnheld(rollout.revision);
    return nextStep({ ...site, aliases, rollout: isOut ? null : rollout }, limits, isPaused(), time.proven());
  }

  #note(site: number, change: Partial<SiteProgress>): void {
    const before = this.#progress.get(site) ?? { pendingBytes: 0, error: null };
    this.#progress.set(site, { ...before, ...change });
  }
}

const unheldKey = ({ url }: Pick<Upstream, 'url'>, site: number, revision: number) =>
  `${url} ${site} ${revision}`;

const isAtRest = (step: Step) => step.kind === 'rest' && step.until === null;

const WINDOW_CLOSED = Symbol('the window has closed');

/** Aborts after `ms`. In the next window, the edge continues with the data that it has already fetched. */
function untilClosed(ms: number | null): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = ms === null ? undefined : setTimeout(() => controller.abort(WINDOW_CLOSED), Math.max(0, ms));
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

import type { Logger } from 'pino';
import type { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PrunePlan } from '../../shared/wire/api.ts';
import type { EventCalls } from '../catalog/event-calls.ts';
import type { PastCalls, PastReads, RetainedSite } from '../catalog/retention-calls.ts';
import { ageLimitsAt } from './age-limits.ts';
import { revisionsToDrop } from './keep-plan.ts';
import { type PrunedLog, prunableRecords, pruneLog } from './log-prune.ts';
import { type SweptPlaces, sweepObjects } from './object-sweep.ts';

const LOG_EVERY_MS = 5 * 60_000;
/** Every edge reads the log, so the log is pruned more often than everything else. */
const ALL_EVERY = 12;
/** The number of rows that one page processes. It is small, because other calls of the catalog wait for the page. */
const PAGE = { revisions: 200, rows: 500, leftovers: 1000, events: 1000 };

export interface RetentionOptions
  extends Omit<SweptPlaces, 'catalog'>,
    Omit<PrunedLog, 'catalog' | 'checkpointed'> {
  readonly catalog: Pruned & SweptPlaces['catalog'] & PrunedLog['catalog'];
  /** Lets only one run prune at a time. Origins that share a catalog share this lock. */
  readonly runs: Pick<KeyedLock<'prune'>, 'run'>;
  /** Interrupts a running prune. */
  readonly stopping: AbortSignal;
}

type Pruned = Remote<PastReads> &
  Pick<Remote<PastCalls>, 'dropRevisions' | 'dropEntries' | 'dropLeftovers'> &
  Pick<Remote<EventCalls>, 'dropEvents'>;

/** The effect of a finished or planned run on one site. */
type SitePlan = PrunePlan['sites'][number];

/**
 * Prunes old revisions, entries, objects and log records, page by page. Each page can be repeated and leaves no partial
 * state visible, so the next run finishes the work of a killed run.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #log: PrunedLog;
  #checkpointFault: SkerryError | null = null;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const checkpointed = (fault: SkerryError | null) => {
      this.#checkpointFault = fault;
    };
    this.#log = { ...options, checkpointed };
  }

  /** Why the log cannot be pruned, or null when it can. */
  get checkpointFault(): SkerryError | null {
    return this.#checkpointFault;
  }

  /** Plans a run that would begin now. `log` prunes the whole log up to now instead of keeping the last records. */
  async plan({ log = false } = {}): Promise<PrunePlan> {
    const { catalog, clock } = this.#options;
    const now = clock.now();
    const going: (RetainedSite & { readonly revisions: number[] })[] = [];
    for (const site of await catalog.retainedSites())
      going.push({ ...site, revisions: await this.#revisionsToDrop(site, now) });
    const forecast = await catalog.forecast(
      going.map(({ id, revisions }) => ({ site: id, revisions })),
      ageLimitsAt(now),
    );
    const sites = going.map(({ name, deleted, revisions }, i): SitePlan => {
      const reclaimed = forecast.sites[i] ?? { rows: 0, objects: 0, bytes: 0 };
      return { site: name, deleted, revisions, ...reclaimed };
    });
    const records = await prunableRecords(this.#options, log);
    const { objects, bytes } = forecast;
    return { sites: sites.filter(hasSomething), objects, bytes, records };
  }

  /** Prunes, and returns what was done. A second run waits for the first. */
  run({ log = false } = {}): Promise<PrunePlan> {
    return this.#options.runs.run('prune', async () => {
      // The log comes first, because only this step may be refused, and a refusal must change nothing.
      const records = await pruneLog(this.#log, log, this.#goOn);
      const { catalog, clock } = this.#options;
      const now = clock.now();
      const sites: SitePlan[] = [];
      for (const site of await catalog.retainedSites()) sites.push(await this.#pruneSite(site, now));
      await this.#dropLeftovers(now);
      await this.#dropEvents(now);
      const { objects, bytes } = await sweepObjects(
        this.#options,
        ageLimitsAt(now).uploadedBefore,
        this.#goOn,
      );
      return { sites: sites.filter(hasSomething), objects, bytes, records };
    });
  }

  /**
   * Prunes everything once an hour until the origin stops. Between these runs, prunes the log, old deploys and the
   * uploads of deleted sites, because publishers in a loop leave many of them.
   */
  async keepRunning(log: Logger): Promise<void> {
    const { clock, stopping } = this.#options;
    for (let turn = 0; !stopping.aborted; turn++) {
      try {
        await clock.sleep(LOG_EVERY_MS, stopping);
        if (turn % ALL_EVERY === 0) tell(log, await this.run());
        else await this.#options.runs.run('prune', () => this.#pruneLog());
        if (this.#checkpointFault !== null)
          log.error(
            { err: this.#checkpointFault },
            'the log cannot be pruned, so it grows at the origin and at every edge',
          );
      } catch (error) {
        if (!stopping.aborted) log.error({ err: error }, 'pruning failed; the next run continues');
      }
    }
  }

  async #pruneLog(): Promise<void> {
    await pruneLog(this.#log, false, this.#goOn);
    await this.#dropLeftovers(this.#options.clock.now());
    await this.#dropEvents(this.#options.clock.now());
  }

  async #dropEvents(now: number): Promise<void> {
    while ((await this.#options.catalog.dropEvents(now, PAGE.events)) > 0) this.#goOn();
  }

  async #dropLeftovers(now: number): Promise<void> {
    const limits = ageLimitsAt(now);
    while (await this.#options.catalog.dropLeftovers(limits, PAGE.leftovers)) this.#goOn();
  }

  async #revisionsToDrop({ id }: RetainedSite, now: number): Promise<number[]> {
    const past = await this.#options.catalog.past(id);
    return past === undefined ? [] : revisionsToDrop(past, now);
  }

  async #pruneSite(site: RetainedSite, now: number): Promise<SitePlan> {
    const { catalog } = this.#options;
    const { id, name, deleted } = site;
    const revisions: number[] = [];
    const going = await this.#revisionsToDrop(site, now);
    for (let i = 0; i < going.length; i += PAGE.revisions) {
      this.#goOn();
      revisions.push(...(await catalog.dropRevisions(id, going.slice(i, i + PAGE.revisions))));
    }
    const sum = { rows: 0, objects: 0, bytes: 0 };
    for (let more = true; more; ) {
      this.#goOn();
      const page = await catalog.dropEntries(id, PAGE.rows);
      sum.rows += page.rows;
      sum.objects += page.objects;
      sum.bytes += page.bytes;
      more = page.more;
    }
    return { site: name, deleted, revisions, ...sum };
  }

  readonly #goOn = (): void => {
    if (this.#options.stopping.aborted)
      throw new SkerryError('unavailable', 'this origin is about to end; the next run continues');
  };
}

function tell(log: Logger, { sites, objects, bytes, records }: PrunePlan): void {
  const revisions = sites.reduce((sum, site) => sum + site.revisions.length, 0);
  if (revisions + objects + records > 0) log.info({ revisions, objects, bytes, records }, 'pruned');
}

function hasSomething({ revisions, rows }: SitePlan): boolean {
  return revisions.length + rows > 0;
}

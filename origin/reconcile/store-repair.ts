import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import { MOST_NAMED_OBJECTS } from '../../shared/wire/store-api.ts';
import { DEADLINE_SECONDS } from '../../shared/wire/task-limits.ts';
import { type UploadArguments, uploadObjectsKind } from '../../shared/work/upload-objects.ts';
import type { DamageReads } from '../catalog/damage-calls.ts';
import type { TaskCalls } from '../catalog/task-calls.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { FailedUploads } from './failed-uploads.ts';
import { type Holder, type LostObject, planStoreRepair, type UploadRequest } from './store-repair-plan.ts';
import { Unobtainable } from './unobtainable.ts';

const ROUND_MS = 10_000;
/** While a request is open, the origin checks this often whether it has ended. */
const ASKING_MS = 1000;
/** The number of lost objects that a round considers. */
const PAGE = 500;
/** The number of requests that a round may begin. */
const REQUESTS_PER_ROUND = 5;
/** Each request is a task and an event. In a large fleet, many edges may have to be asked for one object. */
const REQUESTS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
/** An edge has at least this long for a request, and longer if it has many bytes. */
const LEAST_SECONDS = 120;
const BYTES_PER_SECOND = 256 * 1024;
/** An alarm names the paths of this many objects, and this many paths of each. */
const NAMED_PLACES = { objects: 5, each: 3 };

export interface StoreRepairParts {
  readonly tasks: Pick<Tasks, 'create'>;
  readonly catalog: Pick<Remote<DamageReads>, 'damaged' | 'damagedAmong' | 'sitesNaming' | 'placesOf'> &
    Pick<Remote<TaskCalls>, 'task'>;
  readonly holders: () => readonly Holder[];
  readonly note: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Asking {
  readonly task: number;
  readonly digests: ReadonlySet<Digest>;
}

/**
 * Asks edges for the objects that the store lacks, one edge after another, until the store has them again. Alerts the
 * operator to objects that no edge has.
 */
export class StoreRepair {
  readonly #parts: StoreRepairParts;
  readonly #woken = new Wakeup();
  readonly #asking = new Map<string, Asking>();
  readonly #failed: FailedUploads;
  readonly #unobtainable: Unobtainable;
  /** The times of the requests of the last minute. */
  #requests: number[] = [];
  /** The healthy edges of the last round. */
  #healthy: ReadonlySet<string> = new Set();
  /** Where the next page of lost objects begins. */
  #after: Digest | null = null;

  constructor(parts: StoreRepairParts) {
    this.#parts = parts;
    this.#failed = new FailedUploads(parts.clock);
    this.#unobtainable = new Unobtainable(parts.clock);
  }

  /** Called when damage was found, and when a task has changed. */
  wake(): void {
    this.#woken.wake();
  }

  /** Repairs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    while (!signal.aborted) {
      const woken = this.#woken.wait(this.#asking.size > 0 ? ASKING_MS : ROUND_MS, signal);
      try {
        await this.#round();
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'the store could not be repaired; the origin tries again');
      }
      await woken;
    }
  }

  async #round(): Promise<void> {
    for (const [edge, asking] of this.#asking) await this.#lookAt(edge, asking);
    const lost = await this.#lost();
    if (lost.length === 0) return;
    const holders = this.#parts.holders();
    this.#welcome(holders);
    const { requests, unobtainable } = planStoreRepair({
      lost,
      holders,
      asked: new Map([...this.#asking].map(([edge, { digests }]) => [edge, digests])),
      failedAt: (digest) => this.#failed.of(digest),
    });
    for (const request of requests.slice(0, this.#room())) await this.#ask(request);
    await this.#tell(unobtainable);
    // Objects that no edge has must not delay the objects after them.
    if (requests.length === 0 && this.#asking.size === 0) this.#after = nextPage(lost);
  }

  /** Edges that have come online are asked again. */
  #welcome(holders: readonly Holder[]): void {
    const healthy = holders.filter(({ isHealthy }) => isHealthy).map(({ name }) => name);
    this.#failed.forgive(healthy.filter((name) => !this.#healthy.has(name)));
    this.#healthy = new Set(healthy);
  }

  /** The number of requests that may begin now. */
  #room(): number {
    const since = this.#parts.clock.monotonic() - MINUTE_MS;
    this.#requests = this.#requests.filter((time) => time > since);
    return Math.min(REQUESTS_PER_ROUND, REQUESTS_PER_MINUTE - this.#requests.length);
  }

  async #lost(): Promise<LostObject[]> {
    const { catalog } = this.#parts;
    let page = await catalog.damaged(this.#after, PAGE);
    if (page.length === 0 && this.#after !== null) {
      this.#after = null;
      page = await catalog.damaged(null, PAGE);
    }
    if (page.length === 0) return [];
    const sites = await catalog.sitesNaming(page.map(({ digest }) => digest));
    return page.map((object, at) => ({ ...object, sites: sites[at] ?? [] }));
  }

  /**
   * Records the result of a request. If an object is still lost when its request ends, another edge is asked for it.
   */
  async #lookAt(edge: string, { task, digests }: Asking): Promise<void> {
    const { catalog, note } = this.#parts;
    if ((await stateOf(catalog, task)) === 'open') return;
    const left = new Set((await catalog.damagedAmong([...digests])).map(({ digest }) => digest));
    this.#asking.delete(edge);
    const repaired = [...digests].filter((digest) => !left.has(digest));
    for (const digest of left) this.#failed.add(edge, digest);
    for (const digest of repaired) {
      this.#unobtainable.forget(digest);
      this.#failed.forget(digest);
    }
    if (repaired.length > 0)
      note({
        kind: 'store-repaired',
        edge,
        task,
        cause: `${edge} has sent the objects`,
        what: named(repaired),
      });
  }

  async #ask({ edge, objects }: UploadRequest): Promise<void> {
    const { tasks, note, log, clock } = this.#parts;
    this.#requests.push(clock.monotonic());
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    const deadline = Math.min(DEADLINE_SECONDS.most, LEAST_SECONDS + Math.ceil(bytes / BYTES_PER_SECOND));
    const { kind } = uploadObjectsKind;
    const args: UploadArguments = { objects: objects.map(({ digest, size }) => ({ digest, size })) };
    const cause = `the store lacks ${objects.length} objects that ${edge} may have`;
    try {
      // Before a restart, the edge may have been asked for other objects. Then `create` returns that open task.
      const task = await tasks.create(
        { kind, args, target: { edges: [edge] }, deadline },
        cause,
        `${kind} ${edge}`,
      );
      const asked = (task.args as UploadArguments).objects.map(({ digest }) => digest as Digest);
      this.#asking.set(edge, { task: task.id, digests: new Set(asked) });
      note({ kind: 'origin-acts', edge, task: task.id, cause, what: { kind, ...named(asked) } });
    } catch (error) {
      if (!hasCode(error, 'no-such-edge') && !hasCode(error, 'too-many-tasks')) throw error;
      log.warn({ err: error, edge }, 'a request for objects has to wait');
    }
  }

  async #tell(unobtainable: readonly LostObject[]): Promise<void> {
    const { catalog, note, log } = this.#parts;
    const news = this.#unobtainable.news(unobtainable.map(({ digest }) => digest));
    if (news.length === 0) return;
    const places: string[] = [];
    for (const digest of news.slice(0, NAMED_PLACES.objects))
      for (const { site, path } of await catalog.placesOf(digest, NAMED_PLACES.each))
        places.push(`${site}: ${path}`);
    const advice =
      'publish these files again, bring back an edge that has them, or restore the objects from a backup and run `skerry store verify`';
    const what = { ...named(news), places, advice };
    note({ kind: 'store-unrepaired', cause: 'no healthy edge that is online has the objects', what });
    log.error(what, 'no edge has the objects that the store lacks');
  }
}

const named = (digests: readonly Digest[]) => ({
  objects: digests.length,
  digests: digests.slice(0, MOST_NAMED_OBJECTS),
});

const nextPage = (lost: readonly LostObject[]): Digest | null =>
  lost.length < PAGE ? null : (lost.at(-1)?.digest ?? null);

/** A task that was deleted has ended. */
async function stateOf(catalog: StoreRepairParts['catalog'], id: number): Promise<string> {
  try {
    return (await catalog.task(id)).state;
  } catch (error) {
    if (hasCode(error, 'no-such-task')) return 'done';
    throw error;
  }
}

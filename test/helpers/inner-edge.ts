import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Logger } from 'pino';
import { LogTime } from '../../edge/follow/log/log-time.ts';
import { join } from '../../edge/follow/upstream/join.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import { Upstreams } from '../../edge/follow/upstream/upstreams.ts';
import type { SiteView } from '../../edge/messages/views.ts';
import { type Replica, startReplica } from '../../edge/replica/replica.ts';
import type { EdgeCatalogCalls } from '../../edge/store/catalog.ts';
import { EDGE_DURABILITY } from '../../edge/store/durability.ts';
import { migrations } from '../../edge/store/sqlite/schema.ts';
import { openSqliteEdgeCatalog, sqliteEdgeCalls } from '../../edge/store/sqlite/sqlite-catalog.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Durability } from '../../shared/content/manifest/durability.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import { ReportChecks } from '../../shared/reports/report-checks.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';
import type { Draft, ObjectStore } from '../../shared/store/object-store.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import { asRemote } from './in-process.ts';
import { INNER_LOG } from './inner-origin.ts';
import { MemoryDisk, openMemoryStore } from './memory-store.ts';
import { checkersOf } from './report-checkers.ts';
import { watchedCalls } from './watched-calls.ts';

const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const DURABILITY: ReadonlyMap<string, Durability> = new Map(Object.entries(EDGE_DURABILITY));

export interface InnerEdgeParts {
  readonly name: string;
  readonly clock: Clock;
  /**
   * The clock for calls to upstreams, if it differs from `clock`. Tests with another clock do not test how callers
   * prove themselves.
   */
  readonly callClock?: Clock;
  readonly log: Logger;
  /** The encodings for children. Undefined for an edge that is no parent. */
  readonly encodings: Encodings | undefined;
  /** Called with what readers see from now on. All of it is read from the edge's own catalog and disk. */
  readonly shown: (views: readonly SiteView[]) => void;
  /** Called for each call of the catalog whose durability differs from what durability.ts says. */
  readonly untrue?: (what: string) => void;
  /** Called with each result of a task that the edge signs. */
  readonly signed?: (result: TaskResult) => void;
}

/** The process is gone, so nothing that it still tries has an effect. */
class Crashed extends Error {}

/** The replicating side of an edge in this process, over a catalog file and a disk that outlive its crashes. */
export class InnerEdge {
  readonly name: string;
  readonly disk = new MemoryDisk();
  /** The addresses at which the edge accepts a server that calls itself the origin. */
  originUrls: readonly string[];
  views: readonly SiteView[] = [];
  /** The milliseconds that serving processes would add to the monotonic clock to get the time of the log. */
  ahead = 0;
  readonly #parts: InnerEdgeParts;
  readonly #key = generateSigningKey();
  readonly #folder: string;
  #generation = 0;
  #life: Life | undefined;
  replica: Replica | undefined;

  private constructor(parts: InnerEdgeParts, origin: string) {
    this.originUrls = [origin];
    this.name = parts.name;
    this.#parts = parts;
    this.#folder = mkdtempSync(joinPath(PLACE, 'skerry-model-'));
    copyFileSync(emptyCatalog(), this.file);
  }

  static async join(parts: InnerEdgeParts, origin: string, token: string): Promise<InnerEdge> {
    const edge = new InnerEdge(parts, origin);
    const upstream = new Upstream({ url: origin, isOrigin: true }, parts.callClock ?? parts.clock);
    const place = { origin, token, name: parts.name, region: 'r', lat: null, lon: null };
    try {
      const { chain } = await join(upstream, place, edge.#key, new AbortController().signal);
      const catalog = openSqliteEdgeCatalog(edge.file);
      catalog.begin(chain);
      catalog.close();
    } finally {
      await upstream.close();
    }
    return edge;
  }

  get file(): string {
    return joinPath(this.#folder, `catalog-${this.#generation}.sqlite`);
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get isCrashed(): boolean {
    return this.#life?.isDown ?? false;
  }

  /** The catalog of the running process. A test's call runs between two calls of the process. */
  get catalog(): EdgeCatalogCalls {
    if (this.#life === undefined) throw new Error(`${this.name} does not run`);
    return this.#life.catalog;
  }

  async start(urls: readonly string[], limits: EdgeLimits): Promise<void> {
    const { clock, callClock = clock, log, encodings, shown } = this.#parts;
    const life = new Life(this.file, this.#parts.untrue);
    const upstreams = new Upstreams(
      urls.map((url) => ({ url, isOrigin: this.originUrls.includes(url) })),
      callClock,
    );
    life.upstreams = upstreams;
    this.#life = life;
    const catalog = asRemote(life.catalog, (method, args) => {
      life.step(method);
      if (method === 'addTaskResult') this.#parts.signed?.(args[0] as TaskResult);
    });
    const time = await LogTime.open(catalog, clock, log);
    this.ahead = time.ahead;
    this.replica = await startReplica({
      identity: { name: this.name, region: 'r' },
      key: this.#key,
      catalog,
      store: life.guarded(openMemoryStore(this.disk)),
      upstreams,
      limits,
      readers: {
        show: async (views) => {
          if (life.isDown) throw new Crashed('the process is gone');
          this.views = views;
          shown(views);
        },
        lease: () => {},
        drained: () => {},
        time: (ahead) => {
          this.ahead = ahead;
        },
        forget: () => {},
      },
      encodings,
      reportChecks: new ReportChecks(checkersOf(INNER_LOG), 'report', clock),
      lazy: undefined,
      clock,
      time,
      log,
    });
  }

  /** Crashes the process before a call of its catalog or its store, after `calls` further calls. */
  crashAfter(calls: number): Promise<void> {
    const life = this.#life;
    if (life === undefined) return Promise.resolve();
    life.callsLeft = calls;
    return life.crashed;
  }

  /** Crashes the process before its next call of this method of the catalog. */
  crashBefore(method: string): Promise<void> {
    if (this.#life === undefined) return Promise.resolve();
    this.#life.fatal = method;
    return this.#life.crashed;
  }

  /**
   * Ends the process now, if it has not crashed. With `power`, everything that was not synced to the disk is lost, and
   * of each draft of an object only `tear(size)` bytes stay.
   */
  async stop({ power = false, tear = (size: number) => size } = {}): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    life.goDown();
    const { replica } = this;
    this.replica = undefined;
    this.#life = undefined;
    await replica?.close();
    await life.upstreams?.close();
    if (power) {
      for (const [name, bytes] of this.disk.drafts)
        this.disk.drafts.set(name, bytes.subarray(0, tear(bytes.length)));
      this.#losePower(life);
    }
    life.catalog.close();
  }

  #losePower(life: Life): void {
    const before = this.file;
    this.#generation++;
    copyFileSync(before, this.file);
    if (!existsSync(`${before}-wal`)) return;
    copyFileSync(`${before}-wal`, `${this.file}-wal`);
    truncateSync(`${this.file}-wal`, Math.min(life.synced, statSync(`${this.file}-wal`).size));
  }

  /** Changes rows unnoticed by the process, as a bad disk does. */
  damage(change: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(this.file, { timeout: 1000 });
    try {
      change(database);
    } finally {
      database.close();
    }
    this.#life?.noteSynced();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One run of the process, from its start to its end. */
class Life {
  readonly catalog: EdgeCatalogCalls;
  readonly crashed: Promise<void>;
  upstreams: Upstreams | undefined;
  callsLeft = Number.POSITIVE_INFINITY;
  fatal: string | undefined;
  isDown = false;
  /** How many bytes of the write-ahead log survive a loss of power. */
  synced = Number.POSITIVE_INFINITY;
  readonly #wal: string;
  readonly #crash: () => void;

  constructor(file: string, untrue: InnerEdgeParts['untrue']) {
    this.#wal = `${file}-wal`;
    this.catalog = untrue === undefined ? openSqliteEdgeCatalog(file) : openWatched(file, untrue);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.crashed = promise;
    this.#crash = resolve;
  }

  goDown(): void {
    this.isDown = true;
    this.#crash();
  }

  step(method: string): void {
    if (!this.isDown && (method === this.fatal || this.callsLeft-- <= 0)) this.goDown();
    if (this.isDown) throw new Crashed('the process is gone');
    // Before the first relaxed transaction everything is synced. Later changes are not, until the next durable
    // transaction.
    const durability = DURABILITY.get(method);
    if (durability === 'durable') this.synced = Number.POSITIVE_INFINITY;
    else if (durability === 'relaxed' && this.synced === Number.POSITIVE_INFINITY) this.noteSynced();
  }

  noteSynced(): void {
    this.synced = existsSync(this.#wal) ? statSync(this.#wal).size : Number.POSITIVE_INFINITY;
  }

  guarded(store: ObjectStore): ObjectStore {
    const guard = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (_target, name) => {
          const found = Reflect.get(target, name) as unknown;
          if (typeof found !== 'function' || name === 'read') return found;
          return async (...args: unknown[]) => {
            await new Promise((resume) => setImmediate(resume));
            this.step('');
            const result = (await found.apply(target, args)) as unknown;
            return name === 'draft' ? guard(result as Draft) : result;
          };
        },
      });
    return guard(store);
  }
}

/**
 * Opens a catalog that reports each call with a durability other than the declared one. A call that changes no rows is
 * never reported.
 */
function openWatched(file: string, untrue: (what: string) => void): EdgeCatalogCalls {
  const database = openDatabase(file, migrations);
  return watchedCalls(sqliteEdgeCalls(database), database, (call, durability) => {
    if (durability !== 'reads' && durability !== DURABILITY.get(call))
      untrue(`${call} is ${DURABILITY.get(call)}, and was ${durability}`);
  });
}

let template: string | undefined;

/** An empty catalog of the newest schema. Copying it is quicker than making a new one. */
function emptyCatalog(): string {
  if (template !== undefined) return template;
  const folder = mkdtempSync(joinPath(PLACE, 'skerry-model-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  template = joinPath(folder, 'empty.sqlite');
  openSqliteEdgeCatalog(template).close();
  return template;
}

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { backoffDelay } from '../../shared/concurrency/retry.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { ServingCounters } from '../messages/counters.ts';
import type { ServingOptions } from '../messages/options.ts';
import type { ToServing } from '../messages/to-serving.ts';
import type { ReadersUse, VariantRequest } from '../messages/use.ts';
import type { SiteView } from '../messages/views.ts';
import type { ServingReads } from '../read-through/serving-reads.ts';
import { SwitchDecisions } from '../store/switch-decisions.ts';
import type { ProcessUse } from './process-use.ts';
import { ServingProcess } from './serving-process.ts';
import { SignsOfLife } from './signs-of-life.ts';

const HOLD_ANSWER_MS = 500;
const SWITCH_ANSWER_MS = 2000;
const COUNTERS_ANSWER_MS = 1000;
const USE_ANSWER_MS = 1000;
const DRAIN_MS = 10_000;
/** The time between two checks of whether a process still answers. */
const LOOK_MS = 1000;
const SIGN_OF_LIFE_MS = 5000;
const RESTART = { first: 50, most: 5000 };

export interface SwitchboardOptions {
  /** The options of every process. The ports must be known to be free, because the processes share them. */
  readonly serving: ServingOptions;
  readonly processes: number;
  readonly views: readonly SiteView[];
  /** How far the time of the log is ahead of the machine's monotonic clock, in milliseconds, at the start. */
  readonly ahead: number;
  /** Whether readers should go to other edges. */
  readonly isDrained: boolean;
  /** Called with entries for which readers would accept variants. */
  readonly wanted: (entries: readonly VariantRequest[]) => void;
  /** Fetches the objects that a serving process lacks. `tell` sends a message to that process. */
  readonly reads: (tell: (message: ToServing) => void) => ServingReads;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Switchboard {
  /** The atomic switch. Resolves when every serving process answers from these views. */
  show(views: readonly SiteView[]): Promise<void>;
  /**
   * The time until which sites that require a lease may be served, in milliseconds of the machine's monotonic clock.
   */
  lease(until: number): void;
  /** How far the time of the log is ahead of the machine's monotonic clock, in milliseconds. */
  time(ahead: number): void;
  /** Whether readers should go to other edges. */
  drained(isDrained: boolean): void;
  forget(digests: readonly Digest[] | 'all'): void;
  variantsChanged(sources: readonly Digest[]): void;
  /** The counts of each place. A process that replaces another one continues its counts. */
  counters(): Promise<readonly ServingCounters[]>;
  /** The counts that the processes last sent, at most a few seconds ago. */
  lastCounters(): readonly ServingCounters[];
  /** How many serving processes have ended by themselves since the start. Those that did not start count, too. */
  deaths(): number;
  /**
   * The objects that were sent to readers since the last call, and those that are being sent. Lacks those of a process
   * that does not answer.
   */
  use(): Promise<ReadersUse>;
  /** The descriptors and memory of each living process, by its place. */
  processUse(): Promise<ReadonlyMap<number, ProcessUse>>;
  close(): Promise<void>;
}

/** Resolves when all serving processes listen. */
export async function startSwitchboard(options: SwitchboardOptions): Promise<Switchboard> {
  const processes = new ServingProcesses(options);
  try {
    await processes.startAll();
  } catch (error) {
    await processes.close();
    throw error;
  }
  return {
    show: (views) => processes.show(views),
    lease: (until) => processes.lease(until),
    time: (ahead) => processes.time(ahead),
    drained: (isDrained) => processes.drained(isDrained),
    forget: (digests) => processes.forget(digests),
    variantsChanged: (sources) => processes.variantsChanged(sources),
    counters: () => processes.counters(),
    lastCounters: () => processes.lastCounters(),
    deaths: () => processes.deaths,
    use: () => processes.use(),
    processUse: () => processes.processUse(),
    close: () => processes.close(),
  };
}

class ServingProcesses {
  readonly #options: SwitchboardOptions;
  /** The running processes by place. A process that replaces another one takes its place. */
  readonly #places = new Map<number, ServingProcess>();
  /** The last known counts of each place. */
  readonly #counted: ServingCounters[];
  readonly #switches = new KeyedLock<'switch'>();
  readonly #decisions: SwitchDecisions;
  readonly #closing = new AbortController();
  #views: readonly SiteView[];
  #leaseUntil = 0;
  #ahead: number;
  #isDrained: boolean;
  deaths = 0;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#decisions = new SwitchDecisions(options.serving.folder);
    this.#views = options.views;
    this.#ahead = options.ahead;
    this.#isDrained = options.isDrained;
    this.#counted = Array.from({ length: options.processes }, () => ({}));
  }

  async startAll(): Promise<void> {
    this.#decisions.clear();
    await Promise.all(this.#counted.map((_, place) => this.#startOne(place)));
  }

  show(views: readonly SiteView[]): Promise<void> {
    return this.#switches.run('switch', async () => {
      this.#views = views;
      // A single process needs no hold.
      if (this.#places.size <= 1) await this.#all((serving) => serving.show(views, SWITCH_ANSWER_MS));
      else await this.#switch(views);
    });
  }

  lease(until: number): void {
    this.#leaseUntil = until;
    for (const serving of this.#places.values()) serving.lease(until);
  }

  time(ahead: number): void {
    this.#ahead = ahead;
    for (const serving of this.#places.values()) serving.time(ahead);
  }

  drained(isDrained: boolean): void {
    if (isDrained === this.#isDrained) return;
    this.#isDrained = isDrained;
    for (const serving of this.#places.values()) serving.drained(isDrained);
  }

  forget(digests: readonly Digest[] | 'all'): void {
    for (const serving of this.#places.values()) serving.forget(digests);
  }

  variantsChanged(sources: readonly Digest[]): void {
    for (const serving of this.#places.values()) serving.variantsChanged(sources);
  }

  async counters(): Promise<readonly ServingCounters[]> {
    await Promise.all(
      [...this.#places].map(([place, serving]) => this.#askCounts(place, serving, COUNTERS_ANSWER_MS)),
    );
    return [...this.#counted];
  }

  lastCounters(): readonly ServingCounters[] {
    return [...this.#counted];
  }

  async use(): Promise<ReadersUse> {
    const asked = [...this.#places.values()].map((serving) =>
      serving.use(USE_ANSWER_MS).catch(() => undefined),
    );
    const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
    return {
      used: answers.flatMap(({ used }) => used),
      serving: answers.flatMap(({ serving }) => serving),
    };
  }

  async processUse(): Promise<ReadonlyMap<number, ProcessUse>> {
    // A frozen process does not delay the others.
    const uses = await Promise.all(
      [...this.#places].map(async ([place, serving]) => [place, await serving.processUse()] as const),
    );
    return new Map(uses.flatMap(([place, use]) => (use === undefined ? [] : [[place, use] as const])));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#places.values()].map((serving) => serving.drain(DRAIN_MS)));
  }

  /**
   * Makes all processes hold new requests before they switch, so that no request begins with the new views while another
   * process still begins requests with the old ones. If this process is frozen for so long that a hold ends, all
   * processes go on with the old views, or all switch, as was decided first.
   */
  async #switch(views: readonly SiteView[]): Promise<void> {
    const ids: string[] = [];
    let id: string;
    do {
      id = randomUUID();
      ids.push(id);
      const coming = { id, views };
      await this.#all((serving) => serving.hold(coming, HOLD_ANSWER_MS));
    } while (this.#decisions.decide(id, 'switch') === 'stay');
    await this.#all((serving) => serving.switch(id, SWITCH_ANSWER_MS));
    for (const one of ids) this.#decisions.forget(one);
  }

  /** Kills the processes that do not confirm. */
  async #all(tell: (serving: ServingProcess) => Promise<void>): Promise<void> {
    await Promise.all([...this.#places.values()].map((serving) => this.#orReplace(serving, tell(serving))));
  }

  /** Waits for the confirmation. Kills a process that does not confirm, before the views are reported as visible. */
  async #orReplace(serving: ServingProcess, confirmed: Promise<void>): Promise<void> {
    try {
      await confirmed;
    } catch (error) {
      if (!serving.hasExited) this.#options.log.warn({ err: error }, 'a serving process is replaced');
      await serving.kill();
    }
  }

  async #startOne(place: number): Promise<void> {
    const counted = this.#counted[place] ?? {};
    const serving = await ServingProcess.start({ ...this.#options.serving, counted });
    if (this.#closing.signal.aborted) return serving.kill();
    this.#places.set(place, serving);
    serving.lease(this.#leaseUntil);
    serving.time(this.#ahead);
    serving.drained(this.#isDrained);
    serving.onWanted(this.#options.wanted);
    serving.answerReads(this.#options.reads);
    serving.onExit(() => void this.#replace(place));
    void this.#watch(place, serving);
    // The process has not answered any reader yet. It may have missed a switch while it started.
    await this.#switches.run('switch', () =>
      this.#orReplace(serving, serving.show(this.#views, SWITCH_ANSWER_MS)),
    );
  }

  /**
   * Ends the process if it freezes, because the system would still assign readers to it, and messages to it would pile
   * up here.
   */
  async #watch(place: number, serving: ServingProcess): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    const signs = new SignsOfLife(serving.cpuTime);
    while (!signs.isMissing) {
      await clock.sleep(LOOK_MS, signal).catch(() => {});
      if (signal.aborted || serving.hasExited) return;
      const answers = await this.#askCounts(place, serving, SIGN_OF_LIFE_MS);
      signs.looked(answers, serving.cpuTime);
    }
    if (signal.aborted || serving.hasExited) return;
    log.warn('a serving process that does not answer is replaced');
    await serving.kill();
  }

  /** Asks a process for its counts, and returns whether it answered. Its successor continues from the last answer. */
  async #askCounts(place: number, serving: ServingProcess, ms: number): Promise<boolean> {
    const counted = await serving.counters(ms).catch(() => undefined);
    if (counted !== undefined) this.#counted[place] = counted;
    return counted !== undefined;
  }

  async #replace(place: number): Promise<void> {
    this.#places.delete(place);
    if (!this.#closing.signal.aborted) this.deaths++;
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        return await this.#startOne(place);
      } catch (error) {
        // One that crashes with its first requests, again and again, may never get further than this.
        if (!this.#closing.signal.aborted) this.deaths++;
        this.#options.log.error({ err: error }, 'a serving process did not start');
        await this.#options.clock.sleep(backoffDelay(attempt, RESTART), this.#closing.signal).catch(() => {});
      }
    }
  }
}

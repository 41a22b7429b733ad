import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { moduleUrl } from '../../shared/process/module-url.ts';
import type { ServingCounters } from '../messages/counters.ts';
import type { FromServing } from '../messages/from-serving.ts';
import type { ComingViews, StartMessage, ToServing } from '../messages/to-serving.ts';
import type { ReadersUse, VariantRequest } from '../messages/use.ts';
import type { SiteView } from '../messages/views.ts';
import type { ServingReads } from '../read-through/serving-reads.ts';
import { cpuTime } from './cpu-time.ts';
import { type ProcessUse, processUse } from './process-use.ts';

const START_MS = 20_000;
/** The first argument of every serving process. */
export const SERVING = 'skerry-serving';

type Answer<T extends FromServing['t']> = Extract<FromServing, { t: T }>;

/** The replicator's side of one serving process. */
export class ServingProcess {
  readonly #child: ChildProcess;
  #turn = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts a process and resolves when it listens. If it fails to start, kills it and throws the reason. */
  static async start(start: Omit<StartMessage, 't'>): Promise<ServingProcess> {
    // With these arguments, the system's process list shows what this process is and to which edge it belongs.
    const args = [SERVING, start.folder];
    const child = fork(fileURLToPath(moduleUrl('../serve/main', import.meta.url)), args, {
      serialization: 'advanced',
    });
    const serving = new ServingProcess(child);
    try {
      serving.#send({ t: 'start', ...start });
      await serving.#answer('listening', () => true, START_MS);
      return serving;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Calls the listener once when the process has ended, for whatever reason. */
  onExit(callback: () => void): void {
    if (this.hasExited) callback();
    else this.#child.once('exit', callback);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The processor time that the process has used. Undefined where the system does not report it. */
  get cpuTime(): number | undefined {
    return this.#child.pid === undefined ? undefined : cpuTime(this.#child.pid);
  }

  /** The file descriptors and the memory of the process. Undefined where the system does not report them. */
  async processUse(): Promise<ProcessUse | undefined> {
    return this.#child.pid === undefined ? undefined : processUse(this.#child.pid);
  }

  /** Makes new requests wait for a switch. Throws if the process does not confirm this within `ms`. */
  async hold(coming: ComingViews, ms: number): Promise<void> {
    const turn = ++this.#turn;
    this.#send({ t: 'hold', turn, coming });
    await this.#answer('held', (message) => message.turn === turn, ms);
  }

  /** Makes the process serve the views that its hold named. Throws if it does not confirm this within `ms`. */
  async switch(id: string, ms: number): Promise<void> {
    const turn = ++this.#turn;
    this.#send({ t: 'switch', turn, id });
    await this.#answer('shown', (message) => message.turn === turn, ms);
  }

  /** Makes the process serve the views without a hold. Throws if it does not confirm this within `ms`. */
  async show(views: readonly SiteView[], ms: number): Promise<void> {
    const turn = ++this.#turn;
    this.#send({ t: 'show', turn, views });
    await this.#answer('shown', (message) => message.turn === turn, ms);
  }

  lease(until: number): void {
    this.#send({ t: 'lease', until });
  }

  time(ahead: number): void {
    this.#send({ t: 'time', ahead });
  }

  drained(isDrained: boolean): void {
    this.#send({ t: 'drained', isDrained });
  }

  forget(digests: readonly Digest[] | 'all'): void {
    this.#send({ t: 'forget', digests });
  }

  variantsChanged(sources: readonly Digest[]): void {
    this.#send({ t: 'variants', sources });
  }

  /** Calls the listener with entries for which readers would accept variants. */
  onWanted(callback: (entries: readonly VariantRequest[]) => void): void {
    this.#child.on('message', (message: FromServing) => {
      if (message.t === 'wanted') callback(message.entries);
    });
  }

  /** Passes the process's requests for missing objects to the reads that `begin` returns, until the process ends. */
  answerReads(begin: (tell: (message: ToServing) => void) => ServingReads): void {
    const reads = begin((message) => this.#send(message));
    this.#child.on('message', (message: FromServing) => {
      if (message.t === 'need' || message.t === 'done') reads.take(message);
    });
    this.onExit(() => reads.gone());
  }

  async use(ms: number): Promise<ReadersUse> {
    const turn = ++this.#turn;
    this.#send({ t: 'use', turn });
    return this.#answer('used', (message) => message.turn === turn, ms);
  }

  async counters(ms: number): Promise<ServingCounters> {
    const turn = ++this.#turn;
    this.#send({ t: 'counters', turn });
    return (await this.#answer('counters', (message) => message.turn === turn, ms)).counters;
  }

  /** Kills the process. Resolves when it can no longer respond to readers. */
  async kill(): Promise<void> {
    if (this.hasExited) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Lets the process finish the requests that it has begun, for at most `ms`. */
  async drain(ms: number): Promise<void> {
    if (this.hasExited) return;
    const exited = once(this.#child, 'exit');
    this.#send({ t: 'drain' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ms);
    await exited;
    clearTimeout(timer);
  }

  #send(message: ToServing): void {
    // The channel may have closed just now. Callers then notice the exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #answer<T extends FromServing['t']>(
    kind: T,
    fits: (message: Answer<T>) => boolean,
    ms: number,
  ): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.#child.off('message', onMessage).off('exit', onExit);
        done();
      };
      const onMessage = (message: FromServing) => {
        if (message.t === 'failed') {
          const code = message.code === 'EADDRINUSE' ? 'port-in-use' : 'internal';
          settle(() => reject(new SkerryError(code, `a serving process failed: ${message.message}`)));
        } else if (message.t === kind && fits(message as Answer<T>))
          settle(() => resolve(message as Answer<T>));
      };
      const onExit = () => settle(() => reject(new SkerryError('internal', 'a serving process ended')));
      const timer = setTimeout(
        () => settle(() => reject(new SkerryError('internal', `a serving process did not answer ${kind}`))),
        ms,
      );
      this.#child.on('message', onMessage).once('exit', onExit);
      if (this.hasExited) onExit();
    });
  }
}

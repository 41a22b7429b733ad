import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { clockFault } from '../../../shared/log/clock-fault.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { afterAnswer, afterHead, aheadOf, firstLogTime, type LogTimeState } from './log-time-state.ts';

/** Serving processes and waiting sites are told of changes above this; less is the way of a message. */
const TELL_MS = 50;
/** What the wall clock may be off by from what is on disk of it. */
const KEPT_WITHIN_MS = 1000;
/** So much less is a clock that was put back, not one that runs a little faster here than there. */
const PUT_BACK_MS = 1000;
const MEASURE_EVERY_MS = 2000;

type KeptOffset = Pick<EdgeCatalog, 'signedHead' | 'clockOffset' | 'noteClockOffset'>;

/** The time of the log: what an edge judges delays, windows and expiry by, in place of its own wall clock. */
export class LogTime {
  readonly #catalog: KeptOffset;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #told: (() => void)[] = [];
  #state: LogTimeState;
  #ahead: number;
  #kept: number;
  #fault: string | undefined;

  private constructor(catalog: KeptOffset, clock: Clock, log: Logger, state: LogTimeState, kept: number) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
    this.#state = state;
    this.#ahead = aheadOf(state);
    this.#kept = kept;
  }

  /** As it was left: the origin may be away. */
  static async open(catalog: KeptOffset, clock: Clock, log: Logger): Promise<LogTime> {
    const kept = await catalog.clockOffset();
    const signed = (await catalog.signedHead())?.time ?? null;
    const state = firstLogTime(clock.now() - kept, signed, clock.monotonic());
    return new LogTime(catalog, clock, log, state, kept);
  }

  /** Milliseconds since 1970, by the origin's clock. */
  now(): number {
    return Math.round(this.#clock.monotonic() + aheadOf(this.#state));
  }

  /** What it is at least, for what must not happen too early; null before the origin's first word. */
  proven(): number | null {
    const { provenAheadMs } = this.#state;
    return provenAheadMs === null ? null : Math.round(this.#clock.monotonic() + provenAheadMs);
  }

  /** What serving processes add to the machine's monotonic clock. */
  get ahead(): number {
    return this.#ahead;
  }

  /** What the wall clock is ahead of the origin's, in milliseconds; null before this start has heard of the origin. */
  get offset(): number | null {
    return this.#state.isHeard ? Math.round(this.#clock.now()) - this.now() : null;
  }

  onChange(told: () => void): void {
    this.#told.push(told);
  }

  /** Of a verified head. */
  heard(time: number): void {
    this.#become(afterHead(this.#state, time, this.#clock.monotonic()));
  }

  /** Of a verified grant to the report that left at `sent`; tells whether the origin's clock was put back. */
  answered(time: number, sent: number): boolean {
    const before = this.#state.provenAheadMs;
    this.#become(afterAnswer(this.#state, { time, sent, came: this.#clock.monotonic() }));
    const { provenAheadMs: after } = this.#state;
    return before !== null && after !== null && after < before - PUT_BACK_MS;
  }

  /** Looks at the wall clock now and then, which is set while nobody is heard, too. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#measure();
      await this.#clock.sleep(MEASURE_EVERY_MS, signal).catch(() => {});
    }
  }

  #become(state: LogTimeState): void {
    const wasHeard = this.#state.isHeard;
    this.#state = state;
    if (!wasHeard) this.#measure();
    if (wasHeard && Math.abs(aheadOf(state) - this.#ahead) < TELL_MS) return;
    this.#ahead = aheadOf(state);
    for (const told of this.#told) told();
  }

  #measure(): void {
    const { offset } = this;
    if (offset === null) return;
    if (Math.abs(offset - this.#kept) > KEPT_WITHIN_MS) {
      this.#kept = offset;
      // One that is lost is measured again.
      this.#catalog.noteClockOffset(offset).catch(() => {});
    }
    const fault = clockFault(offset);
    if (fault === undefined && this.#fault !== undefined)
      this.#log.warn({ offset }, 'the clock is right again');
    if (fault !== undefined && this.#fault === undefined)
      this.#log.warn({ offset }, `${fault}: readers do not notice`);
    this.#fault = fault;
  }
}

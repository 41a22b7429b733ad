import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { clockFault } from '../../../shared/log/clock-fault.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { afterAnswer, afterHead, aheadOf, firstLogTime, type LogTimeState } from './log-time-state.ts';

/**
 * Serving processes and waiting sites are told only of larger changes. Smaller ones do not exceed the delay of a
 * message.
 */
const TELL_MS = 50;
/** The offset is written to disk again only if it differs by more than this from the stored one. */
const KEPT_WITHIN_MS = 1000;
/**
 * If the time decreases by more than this, the origin's clock was set back. If it decreases by less, the machine's
 * clock runs a little fast.
 */
const PUT_BACK_MS = 1000;
const MEASURE_EVERY_MS = 2000;

type KeptOffset = Pick<EdgeCatalog, 'signedHead' | 'clockOffset' | 'noteClockOffset'>;

/** The time of the log. An edge uses it instead of its own wall clock for delays, windows and expiry. */
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

  /** Starts with the time stored on disk, because the origin may be unreachable. */
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

  /**
   * The proved lower bound of the time, for actions that must not happen too early. Null before the first signed time
   * from the origin.
   */
  proven(): number | null {
    const { provenAheadMs } = this.#state;
    return provenAheadMs === null ? null : Math.round(this.#clock.monotonic() + provenAheadMs);
  }

  /** How many milliseconds serving processes add to the machine's monotonic clock to get the time of the log. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * How far the wall clock is ahead of the origin's, in milliseconds. Null before this process has heard from the
   * origin.
   */
  get offset(): number | null {
    return this.#state.isHeard ? Math.round(this.#clock.now()) - this.now() : null;
  }

  onChange(told: () => void): void {
    this.#told.push(told);
  }

  /** Called with the time of a verified head. */
  heard(time: number): void {
    this.#become(afterHead(this.#state, time, this.#clock.monotonic()));
  }

  /**
   * Called with the time in a verified grant for the report that left at `sent`. Returns whether the origin's clock was
   * set back.
   */
  answered(time: number, sent: number): boolean {
    const before = this.#state.provenAheadMs;
    this.#become(afterAnswer(this.#state, { time, sent, came: this.#clock.monotonic() }));
    const { provenAheadMs: after } = this.#state;
    return before !== null && after !== null && after < before - PUT_BACK_MS;
  }

  /**
   * Measures the wall clock's offset regularly, because the wall clock may be changed while the origin is unreachable.
   */
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
      // A lost write does no harm: the offset is measured again.
      this.#catalog.noteClockOffset(offset).catch(() => {});
    }
    const fault = clockFault(offset);
    if (fault === undefined && this.#fault !== undefined)
      this.#log.warn({ offset }, 'the clock is right again');
    if (fault !== undefined && this.#fault === undefined)
      this.#log.warn({ offset }, `${fault}: readers are not affected`);
    this.#fault = fault;
  }
}

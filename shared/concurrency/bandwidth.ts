import type { Clock } from '../clock.ts';

/** The length of a burst: the bytes that the rate allows in this many milliseconds may pass at once. */
const BURST_MS = 250;
/** The maximum delay of a timer in Node. A longer one fires immediately. */
const LONGEST_SLEEP = 2 ** 31 - 1;

/** A limited rate that many transfers share. They take turns. */
export class Bandwidth {
  /** Bytes that may pass without waiting. Transfers send pieces of this size, so that each gets an even share. */
  readonly burst: number;
  readonly #rate: number;
  readonly #clock: Clock;
  /** The time at which the rate has allowed all bytes that have passed. Unused time older than a burst is lost. */
  #paid = Number.NEGATIVE_INFINITY;
  #queue: Promise<void> = Promise.resolve();

  /** `bytesPerSecond` is above 0, or undefined for no limit. */
  constructor(bytesPerSecond: number | undefined, clock: Clock) {
    this.#rate = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.burst = Math.max(1, Math.floor(this.#rate * BURST_MS));
    this.#clock = clock;
  }

  /**
   * Resolves when these bytes may pass. Calls are served in order. A request for more than a burst waits until the rate
   * allows all of it. Rejects with the signal's reason when the signal aborts, and then charges nothing.
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    const ahead = this.#queue;
    const turn = Promise.withResolvers<void>();
    // A caller that gives up keeps its place in the queue until those ahead have passed, so that no later caller
    // overtakes them.
    this.#queue = ahead.then(() => turn.promise);
    try {
      await unlessAborted(ahead, signal);
      const paid = Math.max(this.#paid, this.#clock.monotonic() - BURST_MS) + bytes / this.#rate;
      await this.#until(paid, signal);
      this.#paid = paid;
    } finally {
      turn.resolve();
    }
  }

  async #until(time: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const ms = Math.ceil(time - this.#clock.monotonic());
      if (ms <= 0) return;
      await this.#clock.sleep(Math.min(ms, LONGEST_SLEEP), signal);
    }
  }
}

/** Yields the same bytes at the given rate. Pulls nothing from the source before the previous piece has passed. */
export async function* limited(
  source: AsyncIterable<Uint8Array>,
  bandwidth: Bandwidth,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; at += bandwidth.burst) {
      const part = bytes.subarray(at, at + bandwidth.burst);
      await bandwidth.take(part.length, signal);
      yield part;
    }
  }
}

async function unlessAborted(ahead: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([ahead, aborted.promise]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

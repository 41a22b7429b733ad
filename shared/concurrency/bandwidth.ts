import type { Clock } from '../clock.ts';

/** Milliseconds of the rate that may pass at once. */
const BURST_MS = 250;
/** A longer timer would end at once. */
const LONGEST_SLEEP = 2 ** 31 - 1;

/** A rate that many transfers share, each in its turn. */
export class Bandwidth {
  /** The most bytes that pass without a wait, and the size that keeps transfers even. */
  readonly burst: number;
  readonly #rate: number;
  readonly #clock: Clock;
  /** All bytes that have passed are paid for at this time; what lies further back than a burst is forfeit. */
  #paid = Number.NEGATIVE_INFINITY;
  #queue: Promise<void> = Promise.resolve();

  /** `bytesPerSecond` is above 0, or undefined for no limit. */
  constructor(bytesPerSecond: number | undefined, clock: Clock) {
    this.#rate = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.burst = Math.max(1, Math.floor(this.#rate * BURST_MS));
    this.#clock = clock;
  }

  /**
   * Resolves when these bytes may pass, after those that were asked for before. More than a burst waits until
   * it is paid for. Rejects with the signal's reason, and then nothing is charged.
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    const ahead = this.#queue;
    const turn = Promise.withResolvers<void>();
    // One that gives up while it waits does not let those behind it pass those ahead of it.
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

/** The same bytes at that rate. Nothing is pulled from the source before its last piece has passed. */
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

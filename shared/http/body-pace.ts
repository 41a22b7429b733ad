import { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';

/** How long the next bytes may take, in milliseconds, when `came` bytes have come in `ms`. */
export type Pace = (came: number, ms: number) => number;

const TOTAL_MS = 30_000;
const GRACE_MS = 5000;
const LEAST_BYTES_PER_MS = 1;
const SILENT_MS = 60_000;

/** Of a body that is held until it is whole: at least 1 kB a second, and 30 seconds in all. */
export const promptly: Pace = (came, ms) => Math.min(TOTAL_MS, GRACE_MS + came / LEAST_BYTES_PER_MS) - ms;

/** Of an upload that is taken in as it comes: slow lines are no fault, silence for a minute is. */
export const steadily: Pace = () => SILENT_MS;

export interface BodyBounds {
  readonly bytes: number;
  readonly pace: Pace;
  /** Told of the bytes of each piece that is going to be held; may throw. */
  readonly hold?: (bytes: number) => void;
}

/**
 * A request's body, which fails with `too-large` beyond its bytes, and with `too-slow` where its pace is not kept.
 * Only the sender is timed: while nobody reads there is nothing to wait for. The source is left as it is, for the
 * connection has to carry the answer.
 */
export function boundedBody(source: Readable, { bytes, pace, hold }: BodyBounds, clock: Clock): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    const began = clock.monotonic();
    let came = 0;
    while (!source.readableEnded) {
      // All that has come, in one: a body that is cut into single bytes costs no more than others.
      const piece = source.read(source.readableLength || undefined) as Buffer | null;
      if (piece !== null) {
        came += piece.length;
        if (came > bytes) throw new SkerryError('too-large', `the body is larger than ${bytes} bytes`);
        hold?.(piece.length);
        yield piece;
      } else if (source.destroyed) throw source.errored ?? cutOff();
      else if (!(await stirs(source, pace(came, clock.monotonic() - began), clock)))
        throw new SkerryError('too-slow', 'the body came too slowly, or not at all');
    }
  }
  return Readable.from(pieces(), { objectMode: false });
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;
/** An abort without a reason makes an error for it. */
const STIRRED = Symbol('stirred');

/** False when nothing happens to the stream within so many milliseconds. */
async function stirs(source: Readable, ms: number, clock: Clock): Promise<boolean> {
  const stirred = new AbortController();
  const wake = () => stirred.abort(STIRRED);
  for (const event of EVENTS) source.on(event, wake);
  try {
    await clock.sleep(Math.max(0, ms), stirred.signal);
    return false;
  } catch (error) {
    if (stirred.signal.aborted) return true;
    throw error;
  } finally {
    for (const event of EVENTS) source.off(event, wake);
  }
}

function cutOff(): Error {
  return Object.assign(new Error('the sender went away'), { code: 'ECONNRESET' });
}

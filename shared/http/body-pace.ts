import { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';
import { mayStayUnread } from './unread-body.ts';

/** Returns how many milliseconds the next bytes may take after `came` bytes have arrived in `ms`. */
export type Pace = (came: number, ms: number) => number;

const TOTAL_MS = 30_000;
const GRACE_MS = 5000;
const LEAST_BYTES_PER_MS = 1;
const SILENT_MS = 60_000;

/**
 * The pace of a body that is kept in memory until it is complete: at least 1 kB a second, and at most 30 seconds in
 * all.
 */
export const promptly: Pace = (came, ms) => Math.min(TOTAL_MS, GRACE_MS + came / LEAST_BYTES_PER_MS) - ms;

/** The pace of an upload that is processed as it arrives: a slow line is fine, a minute without data is not. */
export const steadily: Pace = () => SILENT_MS;

export interface BodyBounds {
  readonly bytes: number;
  readonly pace: Pace;
  /** Called with the length of each piece that is going to be held. It may throw. */
  readonly hold?: (bytes: number) => void;
  /**
   * Aborts when the response is over. From then on, nothing reads the body, and the body may emit no further events.
   */
  readonly answered?: AbortSignal;
}

/**
 * Wraps a request's body. The wrapped body fails with `too-large` when it exceeds `bytes`, and with `too-slow` when the
 * sender does not keep the pace. A sender is too slow only while a reader waits for it. The source is not destroyed,
 * because the connection still has to carry the response.
 */
export function boundedBody(
  source: Readable & { readonly complete?: boolean },
  { bytes, pace, hold, answered }: BodyBounds,
  clock: Clock,
): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    const began = clock.monotonic();
    let came = 0;
    while (!source.readableEnded) {
      // Reads all bytes that have arrived as one piece, so that a body that arrives in single bytes costs no more than
      // others.
      const piece = source.read(source.readableLength || undefined) as Buffer | null;
      if (piece !== null) {
        came += piece.length;
        if (came > bytes) throw new SkerryError('too-large', `the body is larger than ${bytes} bytes`);
        hold?.(piece.length);
        yield piece;
      }
      // Most small requests have come as a whole, so their end need not be waited for.
      else if (source.complete) return;
      else if (source.destroyed || answered?.aborted) throw source.errored ?? cutOff();
      else if (!(await stirs(source, pace(came, clock.monotonic() - began), clock, answered)))
        throw new SkerryError('too-slow', 'the body came too slowly, or not at all');
    }
  }
  return mayStayUnread(Readable.from(pieces(), { objectMode: false }));
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;
/** The reason for the abort. Without a reason, Node would create an error each time. */
const STIRRED = Symbol('stirred');

/** Waits for the next event of the stream, or for the end of the response. False when neither comes within `ms`. */
async function stirs(
  source: Readable,
  ms: number,
  clock: Clock,
  answered: AbortSignal | undefined,
): Promise<boolean> {
  const stirred = new AbortController();
  const wake = () => stirred.abort(STIRRED);
  for (const event of EVENTS) source.on(event, wake);
  answered?.addEventListener('abort', wake);
  try {
    await clock.sleep(Math.max(0, ms), stirred.signal);
    return false;
  } catch (error) {
    if (stirred.signal.aborted) return true;
    throw error;
  } finally {
    for (const event of EVENTS) source.off(event, wake);
    answered?.removeEventListener('abort', wake);
  }
}

function cutOff(): Error {
  return Object.assign(new Error('the sender went away'), { code: 'ECONNRESET' });
}

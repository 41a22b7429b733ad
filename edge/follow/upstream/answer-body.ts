import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../../shared/clock.ts';
import { limited } from '../../../shared/concurrency/bandwidth.ts';
import type { Coding } from '../../../shared/delta/dcz.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { wholeBody } from '../../../shared/json/whole-body.ts';
import { atMinimumRate } from './minimum-rate.ts';
import type { Transfer } from './transfer.ts';

/** The maximum number of bytes of a bundle that is kept, encoded, for forwarding. */
const MOST_KEPT = 8 * 1024 * 1024;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Throws `upstream-protocol` for an unknown content coding. It then also ends the request, because nothing will read
 * the body.
 */
export function codingOf({ headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>): Coding {
  const coding = headers['content-encoding'];
  if (coding === undefined) return 'identity';
  if (coding === 'zstd' || coding === 'dcz') return coding;
  body.on('error', () => {}).destroy();
  throw new SkerryError('upstream-protocol', `an answer has the content coding ${String(coding)}`);
}

/** Passes a body on. At its end, calls `keep` with the whole body, still encoded. */
export async function* tee(
  body: Readable,
  coding: Coding,
  keep: (encoded: Encoded) => void,
): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of body) {
    held += (piece as Buffer).length;
    if (held <= MOST_KEPT) pieces.push(piece as Buffer);
    yield piece as Buffer;
  }
  if (held <= MOST_KEPT) keep({ coding, bytes: Buffer.concat(pieces) });
}

/**
 * Limits a body to the bandwidths of `transfer`. If the reader leaves, the request ends. `came` is called for each
 * piece.
 */
export function paced(
  body: Readable,
  clock: Clock,
  { bandwidths, signal }: Transfer,
  came: () => void,
): Readable {
  let source: AsyncIterable<Uint8Array> = atMinimumRate(body, clock, came);
  for (const bandwidth of bandwidths) source = limited(source, bandwidth, signal);
  const pieces = source[Symbol.asyncIterator]();
  // If the reader leaves, the body is destroyed, and may then emit an error.
  body.on('error', () => {});
  return new Readable({
    highWaterMark: 1,
    read() {
      pieces.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      // A generator that waits for a silent body would not notice that its reader has left.
      body.destroy();
      pieces.return?.().catch(() => {});
      done(error);
    },
  });
}

/** Reads the whole body of a response that is not streamed. */
export function wholeAnswer(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return wholeBody(body, MAX_ANSWER_BYTES, 'upstream-protocol', 'an answer is too long');
}

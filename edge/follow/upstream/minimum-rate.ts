import type { Clock } from '../../../shared/clock.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { lines } from '../../../shared/json/lines.ts';

/** A body must deliver `LEAST_BYTES` in each minute that the edge waits for it. The edge aborts a slower body. */
const WAITED_MS = 60_000;
const LEAST_BYTES = 64 * 1024;
/** The longest time between two complete lines of a stream. A head arrives every 5 seconds. */
const LINE_MS = 60_000;

/**
 * Passes a body on, and aborts it if it is too slow. Otherwise, a feed could delay an edge for ever by sending single
 * bytes, so that the connection never times out. Only the time spent waiting for the body counts, not the time that the
 * reader takes.
 */
export async function* atMinimumRate(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  noted: () => void = () => {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let waited = 0;
  let came = 0;
  let asked = clock.monotonic();
  for await (const piece of body) {
    noted();
    waited += clock.monotonic() - asked;
    came += piece.length;
    if (waited > WAITED_MS) {
      if (came < LEAST_BYTES) throw new SkerryError('origin-unreachable', 'an answer arrives too slowly');
      waited = 0;
      came = 0;
    }
    yield piece;
    asked = clock.monotonic();
  }
}

/** Yields the lines of an endless body. Aborts a body that does not complete a line in time. */
export async function* timelyLines(
  body: AsyncIterable<Uint8Array>,
  most: number,
  clock: Clock,
): AsyncGenerator<string, void, undefined> {
  let since = clock.monotonic();
  async function* pieces() {
    for await (const piece of body) {
      if (clock.monotonic() - since > LINE_MS)
        throw new SkerryError('origin-unreachable', 'a stream sent no whole line for a minute');
      yield piece;
    }
  }
  for await (const line of lines(pieces(), most)) {
    yield line;
    since = clock.monotonic();
  }
}

import { setImmediate } from 'node:timers/promises';
import { FairTurns } from '../../shared/concurrency/fair-turns.ts';
import { BodyPlaces } from './body-places.ts';

/** The maximum number of bodies that may have a waiting piece. */
const MOST_WAITING = { perOwner: 256, inAll: 4096 };
/** A piece takes about two milliseconds to parse. */
const PIECE = 8 * 1024;

/**
 * Passes on bodies, piece by piece. A piece keeps the event loop busy for some milliseconds, so however many bodies
 * arrive at once, each turn of the loop processes only one piece. Sites take turns, and other requests are answered in
 * between.
 */
export class PieceTurns {
  readonly #turns = new FairTurns({ ...MOST_WAITING, atOnce: 1 });
  readonly #places = new BodyPlaces();

  /** Throws `too-many-requests` when the site has too many bodies already. */
  async *of(site: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const leave = await this.#places.enter(site);
    try {
      for await (const whole of body) {
        for (let at = 0; at < whole.length; at += PIECE) {
          await this.#turns.run(String(site), () => setImmediate());
          yield whole.subarray(at, at + PIECE);
        }
      }
    } finally {
      leave();
    }
  }
}

import { setImmediate } from 'node:timers/promises';
import { FairTurns } from '../../shared/fair-turns.ts';

/** Bodies that have a piece waiting. */
const MOST_WAITING = { perOwner: 256, inAll: 4096 };

/**
 * Bodies whose pieces take the event loop some milliseconds each. However many come at once, one piece is handed over
 * in each turn of the loop, of one site after another, and others are answered in between.
 */
export class PieceTurns {
  readonly #turns = new FairTurns({ ...MOST_WAITING, atOnce: 1 });

  /** Throws `too-many-requests` when the site has too many bodies already. */
  async *of(site: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      await this.#turns.run(String(site), () => setImmediate());
      yield piece;
    }
  }
}

import { FairTurns } from '../../shared/concurrency/fair-turns.ts';

/** The bodies of one site that are read at once: enough for several publishes, and few enough to hold in memory. */
const READ_AT_ONCE = 4;
/** A waiting body stays in its socket. */
const MOST_WAITING = 256;

/**
 * Limits how many bodies are held in memory until their content is stored. Each site has a few places for such bodies.
 * Its other bodies wait unread, and do not delay other sites.
 */
export class BodyPlaces {
  readonly #sites = new Map<number, { turns: FairTurns; bodies: number }>();

  /**
   * Resolves, when there is a place, with a function that gives the place back. Throws `too-many-requests` when too
   * many bodies wait.
   */
  async enter(site: number): Promise<() => void> {
    const places = this.#of(site);
    places.bodies++;
    const stay = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const inTurn = places.turns.run(String(site), () => {
      begun.resolve();
      return stay.promise;
    });
    inTurn.catch(begun.reject).finally(() => {
      places.bodies--;
      if (places.bodies === 0) this.#sites.delete(site);
    });
    await begun.promise;
    return stay.resolve;
  }

  #of(site: number): { turns: FairTurns; bodies: number } {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    const turns = new FairTurns({ perOwner: MOST_WAITING, inAll: MOST_WAITING, atOnce: READ_AT_ONCE });
    const places = { turns, bodies: 0 };
    this.#sites.set(site, places);
    return places;
  }
}

import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';

/** The members that begin to catch up at once, and after them in each second. */
const AT_ONCE = 32;
const PER_SECOND = 32;
const INTERVAL_MS = 1000 / PER_SECOND;
/** A member may ask for pages for so long after its turn. Later it takes a new turn. */
const STAYS_MS = 60_000;

/**
 * Spreads out members that were away and come back at the same time, because each of them then asks for all that it has
 * missed. Each gets a turn of its own. One that comes before its turn is told when that is.
 */
export class CatchUps {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The turns of members, in the order of the turns. */
  readonly #turns = new Map<string, number>();
  #next = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Called before a member gets records that it has missed. Throws `too-many-requests` with `retryAfter`. */
  begin(member: string): void {
    const now = this.#clock.monotonic();
    this.#dropOld(now);
    const turn = this.#turns.get(member) ?? this.#newTurn(member, now);
    if (turn <= now) return;
    throw new SkerryError(
      'too-many-requests',
      `too many edges catch up at once; ${member} has a later turn`,
      {
        details: { retryAfter: Math.ceil((turn - now) / 1000) },
      },
    );
  }

  #newTurn(member: string, now: number): number {
    const turn = Math.max(this.#next, now - (AT_ONCE - 1) * INTERVAL_MS);
    this.#next = turn + INTERVAL_MS;
    this.#turns.set(member, turn);
    return turn;
  }

  #dropOld(now: number): void {
    for (const [member, turn] of this.#turns) {
      if (now <= turn + STAYS_MS) break;
      this.#turns.delete(member);
    }
  }
}

import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';

/** This many members may begin to catch up at once, and then this many per second. */
const AT_ONCE = 32;
const PER_SECOND = 32;
const INTERVAL_MS = 1000 / PER_SECOND;
/** A member may ask for pages for this long after its turn has come. Later it needs a new turn. */
const STAYS_MS = 60_000;

/**
 * Spreads out members that connect again at the same time, because each of them asks for all records that it has
 * missed. Each member gets its own turn. A member that asks too early is told when its turn is.
 */
export class CatchUps {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The time of each member's turn, earliest first. */
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

import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { recentMap } from '../../shared/process/recent-map.ts';

/** A client may fail this often at once, and then once in so many milliseconds. */
const BURST = 10;
const REGAIN_MS = 6000;
/** The clients and tokens that are remembered. The least recently seen are forgotten. */
const MOST_REMEMBERED = 10_000;

/**
 * Slows down clients that guess tokens. A client is an address, which may stand for many people behind one proxy. So
 * whoever has shown a valid token from there goes on with that token.
 */
export class FailedAttempts {
  total = 0;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The time at which each client has regained all attempts. */
  readonly #regained = recentMap<string, number>(MOST_REMEMBERED);
  readonly #proven = recentMap<string, true>(MOST_REMEMBERED);

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Throws `too-many-requests` for a client that has failed too often, unless it has proven this token before. */
  check(client: string, token: string | undefined): void {
    const ahead = (this.#regained.get(client) ?? 0) - this.#clock.monotonic();
    if (ahead <= (BURST - 1) * REGAIN_MS) return;
    if (token !== undefined && this.#proven.has(`${client} ${token}`)) return;
    throw new SkerryError('too-many-requests', `${client} has shown too many tokens that are not valid`, {
      details: { retryAfter: Math.ceil((ahead - (BURST - 1) * REGAIN_MS) / 1000) },
    });
  }

  /** A client that has proven the token of its request is not guessing: its clock or its code is wrong. */
  failed(client: string, token?: string): void {
    if (token !== undefined && this.#proven.has(`${client} ${token}`)) return;
    this.total++;
    const now = this.#clock.monotonic();
    this.#regained.set(client, Math.max(now, this.#regained.get(client) ?? 0) + REGAIN_MS);
  }

  proven(client: string, token: string): void {
    this.#proven.set(`${client} ${token}`, true);
  }
}

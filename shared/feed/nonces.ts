import type { Clock } from '../clock.ts';
import { newNonce } from '../signing/nonce.ts';

/** A new nonce is made this often. Each one is valid for ten times as long. */
const EVERY_MS = 30_000;
const LIFE_MS = 5 * 60_000;

/**
 * The nonces that a receiver issues. All clients that ask at about the same time get the same one. A proof that names
 * one of these nonces is recent, whatever the sender's clock says. Nonces of another process are not accepted.
 */
export class Nonces {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Oldest first. */
  #given: { readonly nonce: string; readonly at: number }[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The newest nonce. */
  current(): string {
    const now = this.#clock.monotonic();
    const newest = this.#given.at(-1);
    if (newest !== undefined && now - newest.at < EVERY_MS) return newest.nonce;
    const nonce = newNonce();
    this.#given = [...this.#given.filter(({ at }) => now - at < LIFE_MS), { nonce, at: now }];
    return nonce;
  }

  isGood(nonce: string): boolean {
    const now = this.#clock.monotonic();
    return this.#given.some((given) => given.nonce === nonce && now - given.at < LIFE_MS);
  }
}

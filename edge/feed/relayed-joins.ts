import { FairTurns } from '../../shared/concurrency/fair-turns.ts';

/** An edge joins once, with two requests. */
const MOST = { perOwner: 8, inAll: 64, atOnce: 2 };
/** The origin normally answers within milliseconds. The edge that wants to join waits for twice this time. */
const ANSWER_MS = 10_000;

/**
 * Passes on the requests of unknown clients that want to join. This edge cannot authenticate these clients yet, so they
 * share a small queue and take turns in it. Requests of this edge and of its children do not use this queue.
 */
export class RelayedJoins {
  readonly #turns = new FairTurns(MOST);
  readonly #stopping: AbortSignal;

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  /** Rejects with `too-many-requests` when too many requests are waiting. */
  pass<T>(client: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#turns.run(client, () =>
      ask(AbortSignal.any([this.#stopping, AbortSignal.timeout(ANSWER_MS)])),
    );
  }
}

import { FairTurns } from '../../shared/concurrency/fair-turns.ts';

/** An edge joins once, with two requests. */
const MOST = { perOwner: 8, inAll: 64, atOnce: 2 };
/** The origin answers in milliseconds; who asks gives up after twice as long. */
const ANSWER_MS = 10_000;

/**
 * What strangers who want to join ask of the origin through this edge. Nobody knows yet who they are, so that they
 * share little and take turns by client: what this edge and its children ask goes beside.
 */
export class RelayedJoins {
  readonly #turns = new FairTurns(MOST);
  readonly #stopping: AbortSignal;

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  /** Rejects with `too-many-requests` when too much waits already. */
  pass<T>(client: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#turns.run(client, () =>
      ask(AbortSignal.any([this.#stopping, AbortSignal.timeout(ANSWER_MS)])),
    );
  }
}

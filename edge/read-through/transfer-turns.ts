import { FairShare } from '../../shared/concurrency/fair-share.ts';
import { Turns } from './turns.ts';

/** The maximum number of parallel transfers of large objects. */
const MOST_AT_ONCE = 12;
/** The length of a transfer's turn while others wait. */
const TURN_MS = 1000;

/**
 * Lets clients take turns at transferring large objects, so that one client's large objects do not delay other clients.
 */
export class TransferTurns {
  readonly #now: () => number;
  readonly #waiting = new Turns<TransferTurn>();
  readonly #transfers = new FairShare({ inAll: MOST_AT_ONCE });

  /** `now` returns milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  ask(client: string): TransferTurn {
    const turn: TransferTurn = new TransferTurn({
      add: (other) => {
        this.#waiting.add(other, turn);
        this.#begin();
      },
      leave: () => this.#waiting.delete(turn),
      isOver: (began, of) => this.#now() - began >= TURN_MS && this.#isWaitedFor(of),
      ended: () => this.#begin(),
    });
    turn.add(client);
    return turn;
  }

  /** Whether another transfer could begin if one of this client ended. */
  #isWaitedFor(of: string): boolean {
    return this.#waiting.has(({ client }) => this.#transfers.hasInPlaceOf(of, client));
  }

  #begin(): void {
    for (;;) {
      const next = this.#waiting.next(({ client }) => this.#transfers.has(client));
      if (next === undefined) return;
      const giveBack = this.#transfers.take(next.client);
      if (giveBack !== undefined) next.item.begin({ client: next.client, at: this.#now(), giveBack });
    }
  }
}

interface Begun {
  readonly client: string;
  readonly at: number;
  readonly giveBack: () => void;
}

interface Waiting {
  readonly add: (client: string) => void;
  readonly leave: () => void;
  readonly isOver: (began: number, of: string) => boolean;
  readonly ended: () => void;
}

/** The right to fetch a part of a large object for a while. */
export class TransferTurn {
  /** Resolves when the turn has begun or was given up. */
  readonly come: Promise<void>;
  readonly #waiting: Waiting;
  readonly #resolve: () => void;
  #begun: Begun | undefined;
  #isEnded = false;

  constructor(waiting: Waiting) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.come = promise;
    this.#resolve = resolve;
    this.#waiting = waiting;
  }

  /** Whether the turn has lasted long enough while another transfer waits for its place. */
  get isOver(): boolean {
    return this.#begun !== undefined && this.#waiting.isOver(this.#begun.at, this.#begun.client);
  }

  /** Called when another client waits for the same turn. */
  add(client: string): void {
    if (this.#begun === undefined && !this.#isEnded) this.#waiting.add(client);
  }

  begin(begun: Begun): void {
    this.#begun = begun;
    this.#resolve();
  }

  /** Called when no client waits for the turn any more. A turn that has begun continues. */
  giveUp(): void {
    if (this.#begun === undefined) this.end();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting.leave();
    this.#resolve();
    if (this.#begun === undefined) return;
    this.#begun.giveBack();
    this.#waiting.ended();
  }
}

import { FairShare } from '../../shared/concurrency/fair-share.ts';
import { Turns } from './turns.ts';

/** Transfers for large objects side by side, of all objects. */
const MOST_AT_ONCE = 12;
/** How long one goes on while others wait. */
const TURN_MS = 1000;

/** Clients take turns at the transfers for large objects: films that come for one hold up nobody else's. */
export class LaneTurns {
  readonly #now: () => number;
  readonly #waiting = new Turns<LaneTurn>();
  readonly #transfers = new FairShare({ inAll: MOST_AT_ONCE });

  /** `now` in milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  ask(client: string): LaneTurn {
    const turn: LaneTurn = new LaneTurn({
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

  /** Whether another would begin in place of one of this client's. */
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

/** A turn at bringing some of a large object. */
export class LaneTurn {
  /** Resolves when it has come, or was given up. */
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

  /** It has lasted, and another would begin if it ended. */
  get isOver(): boolean {
    return this.#begun !== undefined && this.#waiting.isOver(this.#begun.at, this.#begun.client);
  }

  /** This client waits for it, too. */
  add(client: string): void {
    if (this.#begun === undefined && !this.#isEnded) this.#waiting.add(client);
  }

  begin(begun: Begun): void {
    this.#begun = begun;
    this.#resolve();
  }

  /** Nobody waits for it any more; one that has come goes on. */
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

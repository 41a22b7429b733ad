import { SkerryError } from '../errors.ts';
import { clientOf } from './client-address.ts';
import { Counts } from './counts.ts';

/** The maximum bytes that the server holds for all clients together, and for one client. */
export interface HeldLimits {
  readonly perClient: number;
  readonly all: number;
}

/** Counts the bytes of bodies that are held until they are complete, because many small bodies add up. */
export class HeldBytes {
  readonly #most: HeldLimits;
  readonly #byClient = new Counts();
  #all = 0;

  constructor(most: HeldLimits) {
    this.#most = most;
  }

  /** Counts the bytes of one body from this client. `take` throws `unavailable` when a limit is reached. */
  from(address: string | undefined): { take(bytes: number): void; release(): void } {
    const client = clientOf(address);
    let taken = 0;
    let isReleased = false;
    return {
      take: (bytes) => {
        // Buffered bytes are still read after the connection has closed, and then nothing would release them.
        if (isReleased) return;
        if (this.#byClient.of(client) + bytes > this.#most.perClient || this.#all + bytes > this.#most.all)
          throw new SkerryError('unavailable', 'the server is receiving too many bytes at once');
        this.#count(client, bytes);
        taken += bytes;
      },
      release: () => {
        this.#count(client, -taken);
        taken = 0;
        isReleased = true;
      },
    };
  }

  #count(client: string, bytes: number): void {
    this.#byClient.add(client, bytes);
    this.#all += bytes;
  }
}

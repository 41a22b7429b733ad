import { SkerryError } from '../errors.ts';
import { clientOf } from './client-address.ts';
import { Counts } from './counts.ts';

/** What all may hold together, and what of it one client may. */
export interface HeldLimits {
  readonly perClient: number;
  readonly all: number;
}

/** Counts bytes of bodies that are held until they are whole: many connections make much of what is little in each. */
export class HeldBytes {
  readonly #most: HeldLimits;
  readonly #byClient = new Counts();
  #all = 0;

  constructor(most: HeldLimits) {
    this.#most = most;
  }

  /** Of one body; `take` throws `unavailable`. */
  from(address: string | undefined): { take(bytes: number): void; release(): void } {
    const client = clientOf(address);
    let taken = 0;
    let isReleased = false;
    return {
      take: (bytes) => {
        // What was buffered is still read when the connection has gone; nothing would give it back.
        if (isReleased) return;
        if (this.#byClient.of(client) + bytes > this.#most.perClient || this.#all + bytes > this.#most.all)
          throw new SkerryError('unavailable', 'too much is being received');
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

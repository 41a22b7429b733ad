import type { Digest } from '../../shared/digest.ts';
import { KeyedLock } from '../../shared/keyed-lock.ts';
import type { Fill } from './fill.ts';

/** The large objects that are not whole here: those that are coming in, and those of which some is there. */
export class Fills {
  readonly #fills = new Map<Digest, Fill>();
  /** One that is dropped and the next of that name share a file. */
  readonly #turns = new KeyedLock<Digest>();

  get(digest: Digest): Fill | undefined {
    return this.#fills.get(digest);
  }

  /** The fill of the object; `make` begins one, or finds that the object has become whole: undefined. */
  open(digest: Digest, make: () => Promise<Fill | undefined>): Promise<Fill | undefined> {
    return this.#turns.run(digest, async () => {
      const known = this.#fills.get(digest);
      if (known !== undefined) return known;
      const fill = await make();
      if (fill !== undefined) this.#fills.set(digest, fill);
      return fill;
    });
  }

  ended(digest: Digest): void {
    this.#fills.delete(digest);
  }

  /** Throws away what is there, if anything is; false for one that is busy. */
  drop(digest: Digest): Promise<boolean> {
    return this.#turns.run(digest, async () => {
      const fill = this.#fills.get(digest);
      if (fill?.isBusy) return false;
      this.#fills.delete(digest);
      await fill?.drop();
      return true;
    });
  }
}

import type { Digest } from '../../shared/content/digest.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Draft, ObjectStore, SmallObject } from '../../shared/store/object-store.ts';
import { copyDraft } from './copy-objects.ts';

/** The second store, to which the objects are on their way. */
interface Mirror {
  readonly store: ObjectStore;
  readonly failed: (error: unknown) => void;
}

/**
 * A store that can move while it is in use. Readers read from the main store. While there is a mirror, every change
 * reaches both stores before it is acknowledged. A mirror that fails is given up, so it holds up nobody.
 */
export class MovingStore implements ObjectStore {
  #main: ObjectStore;
  #mirror: Mirror | undefined;

  constructor(main: ObjectStore) {
    this.#main = main;
  }

  get main(): ObjectStore {
    return this.#main;
  }

  get mirror(): ObjectStore | undefined {
    return this.#mirror?.store;
  }

  /** No write may run during the call, because it would reach only one of the stores. */
  mirrorTo(store: ObjectStore, failed: (error: unknown) => void): void {
    this.#mirror = { store, failed };
  }

  /** Resolves when the mirror is closed. Does nothing without one. */
  async endMirror(): Promise<void> {
    const mirror = this.#mirror;
    this.#mirror = undefined;
    await mirror?.store.close();
  }

  /** The mirror becomes the main store. Returns the one before. No write may run during the call. */
  switchToMirror(): ObjectStore {
    if (this.#mirror === undefined) throw new Error('there is no mirror');
    const before = this.#main;
    this.#main = this.#mirror.store;
    this.#mirror = undefined;
    return before;
  }

  missing = (digests: readonly Digest[]) => this.#main.missing(digests);
  readSmall = (digests: readonly Digest[]) => this.#main.readSmall(digests);
  size = (digest: Digest) => this.#main.size(digest);
  open = (digest: Digest, range?: ByteSpan) => this.#main.open(digest, range);

  putSmall = async (objects: readonly SmallObject[]): Promise<void> => {
    await Promise.all([this.#main.putSmall(objects), this.#mirrored((store) => store.putSmall(objects))]);
  };

  remove = async (digests: readonly Digest[]): Promise<void> => {
    await this.#mirrored((store) => store.remove(digests));
    await this.#main.remove(digests);
  };

  draft = async (name: string): Promise<Draft> => {
    const owner = this.#main;
    const draft = await owner.draft(name);
    const keep = async (digest: Digest) => {
      await this.#mirrored((store) => copyDraft(draft, store, digest));
      if (owner === this.#main) return draft.keep(digest);
      // The store has moved since the draft was begun.
      await copyDraft(draft, this.#main, digest);
      await draft.discard();
    };
    return {
      get size() {
        return draft.size;
      },
      append: draft.append,
      write: draft.write,
      truncate: draft.truncate,
      read: draft.read,
      hash: draft.hash,
      suspend: draft.suspend,
      discard: draft.discard,
      keep,
    };
  };

  close = async (): Promise<void> => {
    await Promise.all([this.#main.close(), this.endMirror()]);
  };

  /** Changes the mirror. If that fails, the mirror is given up, and its copy must be checked again. */
  async #mirrored(change: (store: ObjectStore) => Promise<void>): Promise<void> {
    const mirror = this.#mirror;
    if (mirror === undefined) return;
    try {
      await change(mirror.store);
    } catch (error) {
      if (this.#mirror !== mirror) return;
      this.#mirror = undefined;
      mirror.failed(error);
    }
  }
}

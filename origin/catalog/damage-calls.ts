import type { Digest } from '../../shared/content/digest.ts';

/** An object in the store, or the chunk list of one. */
export interface StoredPart {
  readonly digest: Digest;
  /** The size in bytes. For a chunk list, the largest size that it can have. */
  readonly size: number;
  /** When the object was last uploaded. */
  readonly touched: number;
}

/** A page of stored objects. A chunk list follows its object. */
interface StoredPage {
  readonly parts: readonly StoredPart[];
  /** Where the next page begins. Undefined at the end. */
  readonly next: number | undefined;
}

/** An object whose bytes are altered or missing. The catalog counts it as missing until it is stored again. */
export interface DamagedObject {
  readonly digest: Digest;
  /** The object has at most this many bytes. */
  readonly size: number;
}

/** A pass over all stored objects. Times are in milliseconds since 1970. */
export interface StorePass {
  /** Passes are numbered from 1, in ascending order. */
  readonly number: number;
  readonly began: number;
  /** Null while the pass is under way. */
  readonly ended: number | null;
  /** The place from which the pass continues: see `storedParts`. */
  readonly after: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
}

/** A number of objects, and their bytes. */
export interface StoredAmount {
  readonly objects: number;
  readonly bytes: number;
}

export interface DamageReads {
  /** Damaged objects in the order of their digests. */
  damaged(after: Digest | null, limit: number): DamagedObject[];
  damagedCount(): number;
  /** Returns the damaged ones among these objects. */
  damagedAmong(digests: readonly Digest[]): DamagedObject[];
  /** For each object, sites whose kept revisions refer to it. The list has at least one site if there is any. */
  sitesNaming(digests: readonly Digest[]): string[][];
  /** Some of the paths at which sites have the object, the newest revisions first. */
  placesOf(digest: Digest, limit: number): { readonly site: string; readonly path: string }[];
}

/**
 * The calls about damage in the store. A damaged object counts as missing, so a publisher who has its bytes uploads it
 * again. The upload ends the damage, too (`addObjects`).
 */
export interface DamageCalls extends DamageReads {
  /** The stored objects after the place `after`, without damaged ones. The first page is after 0. */
  storedParts(after: number, limit: number): StoredPage;
  /** How much `storedParts` returns on all of its pages, with damaged objects, which it leaves out. */
  storedAmount(): StoredAmount;
  /** Returns those of the parts that were neither uploaded again nor deleted since they were read. */
  unchanged(parts: readonly StoredPart[]): StoredPart[];
  /** Records damaged objects. A repeated call changes nothing. */
  noteDamaged(objects: readonly DamagedObject[], time: number): void;
  /** Records that the store has these objects intact again. Returns the ones that were damaged before. */
  noteSound(digests: readonly Digest[]): Digest[];
  /** The newest pass. Null before the first pass. */
  storePass(): StorePass | null;
  saveStorePass(pass: StorePass): void;
}

import type { Digest } from '../../shared/content/digest.ts';

/** An object in the store, or the chunk list of one. */
export interface StoredPart {
  readonly digest: Digest;
  /** Its bytes. For a chunk list, the most that it can have. */
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

/** An object whose bytes were found altered or missing. The store must not have it until it is stored again. */
export interface DamagedObject {
  readonly digest: Digest;
  /** The most bytes that it has. */
  readonly size: number;
}

/** A pass over all stored objects. Times are in milliseconds since 1970. */
export interface StorePass {
  /** Ascending, from 1. */
  readonly number: number;
  readonly began: number;
  /** Null while the pass is under way. */
  readonly ended: number | null;
  /** Where the pass goes on: see `storedParts`. */
  readonly after: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
}

export interface DamageReads {
  /** Damaged objects in the order of their digests. */
  damaged(after: Digest | null, limit: number): DamagedObject[];
  damagedCount(): number;
  /** Those of the objects that are damaged. */
  damagedAmong(digests: readonly Digest[]): DamagedObject[];
  /** For each object, the names of sites whose kept revisions name it, at least one of them if there is one. */
  sitesNaming(digests: readonly Digest[]): string[][];
  /** Some of the paths at which sites have the object, the newest revisions first. */
  placesOf(digest: Digest, limit: number): { readonly site: string; readonly path: string }[];
}

/**
 * What is known about damage in the store. An object that is damaged counts as missing, so that a publisher who has its
 * bytes uploads it again. That makes it sound, too (`addObjects`).
 */
export interface DamageCalls extends DamageReads {
  /** The stored objects after the place `after`, 0 for the first, without those that are damaged. */
  storedParts(after: number, limit: number): StoredPage;
  /** Those that were neither uploaded again nor deleted since they were read. */
  unchanged(parts: readonly StoredPart[]): StoredPart[];
  /** Notes damage. A repeated call changes nothing. */
  noteDamaged(objects: readonly DamagedObject[], time: number): void;
  /** Notes that the store has the whole objects again. Returns those that were damaged before. */
  noteSound(digests: readonly Digest[]): Digest[];
  /** The newest pass. Null before the first. */
  storePass(): StorePass | null;
  saveStorePass(pass: StorePass): void;
}

import type { Digest } from '../../shared/content/digest.ts';

export interface StoredObject {
  readonly site: number;
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

export interface ObjectCalls {
  /**
   * Records that the store holds the objects with their chunk lists, and that these sites uploaded them, most recently
   * at `time`. A repeated call renews the time of the objects and ends their damage.
   */
  addObjects(objects: readonly StoredObject[], time: number): void;
  /** The object, if this site uploaded it. A site may not use what another site uploaded. */
  siteObject(site: number, digest: Digest): StoredObject | undefined;
}

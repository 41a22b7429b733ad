import type { Digest } from '../../shared/content/digest.ts';

export interface StoredObject {
  readonly site: number;
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

export interface ObjectCalls {
  /**
   * Notes that the store holds the objects and that these sites uploaded them, at `time` for the last time. Repeated, or
   * together with others', it only makes them younger.
   */
  addObjects(objects: readonly StoredObject[], time: number): void;
  /** The object if this site uploaded it: what another one uploaded it may not use. */
  siteObject(site: number, digest: Digest): StoredObject | undefined;
}

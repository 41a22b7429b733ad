import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import type { HashedFile } from './hash-files.ts';

const MAX_OBJECTS = 4000;
const MAX_BYTES = 8 * 1024 * 1024;

/** The files of one request: small files together, a larger one alone. */
export type Parcel = readonly HashedFile[];

/** Groups files into requests while they become known. Each content is sent once. */
export class SendPlan {
  readonly #planned = new Set<string>();
  #bundle: HashedFile[] = [];
  #held = 0;
  #bytes = 0;

  get files(): number {
    return this.#planned.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the requests that are full now. */
  add(files: Iterable<HashedFile>): Parcel[] {
    const full: Parcel[] = [];
    for (const file of files) {
      if (this.#planned.has(file.digest)) continue;
      this.#planned.add(file.digest);
      this.#bytes += file.size;
      if (file.size > SMALL_OBJECT) {
        full.push([file]);
        continue;
      }
      if (this.#bundle.length === MAX_OBJECTS || this.#held + file.size > MAX_BYTES) full.push(...this.end());
      this.#bundle.push(file);
      this.#held += file.size;
    }
    return full;
  }

  /** Returns the last request, which need not be full. */
  end(): Parcel[] {
    const last = this.#bundle;
    this.#bundle = [];
    this.#held = 0;
    return last.length === 0 ? [] : [last];
  }
}

import { Encodings } from '../../shared/delta/encodings.ts';

/** Threads that several origins and edges of one process share; what one of them keeps, the others do not find. */
export class SharedEncodings {
  readonly #shared = Encodings.start({ threads: 1, bytes: 32 * 1024 * 1024 });
  #owners = 0;

  /** As if they were those of one process alone. */
  own(): Encodings {
    const owner = ++this.#owners;
    const shared = this.#shared;
    const own: Pick<Encodings, 'encode' | 'keep'> = {
      encode: (key, load) => shared.encode(`${owner} ${key}`, load),
      keep: (key, encoded) => shared.keep(`${owner} ${key}`, encoded),
    };
    return own as Encodings;
  }

  close(): Promise<void> {
    return this.#shared.close();
  }
}

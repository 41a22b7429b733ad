import type { EncodingKey } from '../../shared/delta/encoding-key.ts';
import { Encodings } from '../../shared/delta/encodings.ts';

/** Threads that several origins and edges of one process share. None of them finds the encodings that another keeps. */
export class SharedEncodings {
  readonly #shared = Encodings.start({ threads: 1, bytes: 32 * 1024 * 1024 });
  #owners = 0;

  /** Returns encodings that look like those of a separate process. */
  own(): Encodings {
    const owner = ++this.#owners;
    const shared = this.#shared;
    const owned = (key: EncodingKey) => `${owner} ${key}` as EncodingKey;
    const own: Pick<Encodings, 'encode' | 'keep'> = {
      encode: ({ key, ...asked }, load) => shared.encode({ ...asked, key: owned(key) }, load),
      keep: (key, encoded) => shared.keep(owned(key), encoded),
    };
    return own as Encodings;
  }

  close(): Promise<void> {
    return this.#shared.close();
  }
}

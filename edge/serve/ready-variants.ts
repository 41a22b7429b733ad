import type { DatabaseSync } from 'node:sqlite';
import { ByteCache } from '../../shared/byte-cache.ts';
import { type Digest, digestBytes, digestFromBytes } from '../../shared/digest.ts';
import { statements } from '../../shared/sqlite/open.ts';
import type { WantedVariants } from '../activate/messages.ts';
import { CODINGS } from '../variants/encode.ts';
import type { ContentCoding } from './accept-encoding.ts';
import type { Variant } from './representation.ts';

const MEMORY_BYTES = 4 * 1024 * 1024;
const SOURCE_BYTES = 600;
/** More are asked for again anyway. */
const MOST_WANTED = 1000;

interface Ready {
  readonly variants: readonly Variant[];
  /** Nothing more will come. */
  readonly isDecided: boolean;
}

/** The compressed variants that are ready, for a serving process; and what it would take more of. */
export class ReadyVariants {
  readonly #sql: ReturnType<typeof statements>;
  readonly #ready = new ByteCache<Digest, Ready>({ bytes: MEMORY_BYTES, sizeOf: () => SOURCE_BYTES });
  #wanted = new Map<string, WantedVariants>();

  constructor(database: DatabaseSync) {
    this.#sql = statements(database);
  }

  /** Of the object, smallest first; which entry it is asked for as is noted while some are undecided. */
  of(source: Digest, asked: Omit<WantedVariants, 'times'>): readonly Variant[] {
    let ready = this.#ready.get(source);
    if (ready === undefined) {
      ready = this.#read(source);
      this.#ready.set(source, ready);
    }
    if (!ready.isDecided) this.#want(asked);
    return ready.variants;
  }

  /** The bytes of a variant that was made here; undefined for one that was published, and for one that is gone. */
  bytes(digest: Digest): Buffer | undefined {
    const row = this.#sql('SELECT bytes FROM variant WHERE digest = ? AND bytes IS NOT NULL').get(
      digestBytes(digest),
    );
    if (row === undefined) return undefined;
    const bytes = row.bytes as Uint8Array;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Others may be ready now. Whether any of these was asked for since it was forgotten last. */
  forget(sources: readonly Digest[]): boolean {
    const known = sources.filter((source) => this.#ready.get(source) !== undefined);
    for (const source of known) this.#ready.delete(source);
    return known.length > 0;
  }

  /** What was asked for since the last call. */
  takeWanted(): WantedVariants[] {
    const wanted = [...this.#wanted.values()];
    this.#wanted = new Map();
    return wanted;
  }

  #read(source: Digest): Ready {
    const rows = this.#sql('SELECT coding, digest, size FROM variant WHERE source = ? ORDER BY size').all(
      digestBytes(source),
    );
    const variants = rows.flatMap(({ coding, digest, size }) =>
      digest === null
        ? []
        : [
            {
              coding: coding as ContentCoding,
              digest: digestFromBytes(digest as Uint8Array),
              size: size as number,
            },
          ],
    );
    return { variants, isDecided: rows.length === CODINGS.length };
  }

  #want(asked: Omit<WantedVariants, 'times'>): void {
    const key = `${asked.site} ${asked.path}`;
    const times = (this.#wanted.get(key)?.times ?? 0) + 1;
    if (times > 1 || this.#wanted.size < MOST_WANTED) this.#wanted.set(key, { ...asked, times });
  }
}

import { ByteCache } from '../../shared/byte-cache.ts';
import type { Digest } from '../../shared/digest.ts';
import type { WantedVariants } from '../activate/messages.ts';
import type { DecidedVariants, VariantReader } from '../variants/variant-reader.ts';
import type { Variant } from './representation.ts';

const MEMORY_BYTES = 4 * 1024 * 1024;
const SOURCE_BYTES = 600;
/** More are asked for again anyway. */
const MOST_WANTED = 1000;

/** The compressed variants that are ready, for a serving process; and what it would take more of. */
export class ReadyVariants {
  readonly #reader: VariantReader;
  readonly #decided = new ByteCache<Digest, DecidedVariants>({
    bytes: MEMORY_BYTES,
    sizeOf: () => SOURCE_BYTES,
  });
  #wanted = new Map<string, WantedVariants>();

  constructor(reader: VariantReader) {
    this.#reader = reader;
  }

  /** Of the object, smallest first; which entry it is asked for as is noted while some are undecided. */
  of(source: Digest, asked: Omit<WantedVariants, 'times'>): readonly Variant[] {
    let decided = this.#decided.get(source);
    if (decided === undefined) {
      decided = this.#reader.of(source);
      this.#decided.set(source, decided);
    }
    if (!decided.isComplete) this.#want(asked);
    return decided.variants;
  }

  /** Undefined for one that was published, and for one that is gone. */
  bytes(digest: Digest): Buffer | undefined {
    return this.#reader.bytes(digest);
  }

  /** Others may be ready now. Whether any of these was asked for since it was forgotten last. */
  forget(sources: readonly Digest[]): boolean {
    const known = sources.filter((source) => this.#decided.get(source) !== undefined);
    for (const source of known) this.#decided.delete(source);
    return known.length > 0;
  }

  /** What was asked for since the last call. */
  takeWanted(): WantedVariants[] {
    const wanted = [...this.#wanted.values()];
    this.#wanted = new Map();
    return wanted;
  }

  #want(asked: Omit<WantedVariants, 'times'>): void {
    const key = `${asked.site} ${asked.path}`;
    const times = (this.#wanted.get(key)?.times ?? 0) + 1;
    if (times > 1 || this.#wanted.size < MOST_WANTED) this.#wanted.set(key, { ...asked, times });
  }
}

import type { Logger } from 'pino';
import type { Digest } from '../../../shared/content/digest.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { WantedVariants } from '../../messages/use.ts';
import type { Variant } from '../../variants/variant.ts';
import type { DecidedVariants, VariantReader } from '../../variants/variant-reader.ts';

const MEMORY_BYTES = 4 * 1024 * 1024;
const SOURCE_BYTES = 600;
/** More are asked for again anyway. */
const MOST_WANTED = 1000;

const NONE: DecidedVariants = { variants: [], isComplete: true };

/** The compressed variants that are ready, for a serving process; and what it would take more of. */
export class ReadyVariants {
  readonly #reader: VariantReader;
  readonly #log: Logger;
  readonly #decided = new ByteCache<Digest, DecidedVariants>({
    bytes: MEMORY_BYTES,
    sizeOf: () => SOURCE_BYTES,
  });
  #wanted = new Map<string, WantedVariants>();

  constructor(reader: VariantReader, log: Logger) {
    this.#reader = reader;
    this.#log = log;
  }

  /** Of the object, smallest first; which entry it is asked for as is noted while some are undecided. */
  of(source: Digest, asked: Omit<WantedVariants, 'times'>): readonly Variant[] {
    let decided = this.#decided.get(source);
    if (decided === undefined) {
      decided = this.#orElse<DecidedVariants>(NONE, () => this.#reader.of(source));
      this.#decided.set(source, decided);
    }
    if (!decided.isComplete) this.#want(asked);
    return decided.variants;
  }

  /** Undefined for one that was published, and for one that is gone. */
  bytes(digest: Digest): Buffer | undefined {
    return this.#orElse(undefined, () => this.#reader.bytes(digest));
  }

  /** Those that are known to be ready. */
  known(source: Digest): readonly Variant[] {
    return this.#decided.get(source)?.variants ?? [];
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

  /** What is damaged of the file of variants is only that: the plain bytes are sent. */
  #orElse<T>(none: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#log.error({ err: error }, 'variants cannot be read');
      return none;
    }
  }

  #want(asked: Omit<WantedVariants, 'times'>): void {
    const key = `${asked.site} ${asked.path}`;
    const times = (this.#wanted.get(key)?.times ?? 0) + 1;
    if (times > 1 || this.#wanted.size < MOST_WANTED) this.#wanted.set(key, { ...asked, times });
  }
}

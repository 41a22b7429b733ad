import type { Logger } from 'pino';
import type { Digest } from '../../../shared/content/digest.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { VariantRequest } from '../../messages/use.ts';
import type { Variant } from '../../variants/variant.ts';
import type { DecidedVariants, VariantReader } from '../../variants/variant-reader.ts';

const MEMORY_BYTES = 4 * 1024 * 1024;
const SOURCE_BYTES = 600;
/** The maximum number of entries that are noted. Any further ones are noted when readers request them again. */
const MOST_WANTED = 1000;

const NONE: DecidedVariants = { variants: [], isComplete: true };

/** Knows which compressed variants are ready, and notes the entries for which readers would accept other variants. */
export class ReadyVariants {
  readonly #reader: VariantReader;
  readonly #log: Logger;
  readonly #decided = new ByteCache<Digest, DecidedVariants>({
    bytes: MEMORY_BYTES,
    sizeOf: () => SOURCE_BYTES,
  });
  #wanted = new Map<string, VariantRequest>();

  constructor(reader: VariantReader, log: Logger) {
    this.#reader = reader;
    this.#log = log;
  }

  /** The ready variants of an object, the smallest first. Notes the entry if some of its variants are undecided. */
  of(source: Digest, asked: Omit<VariantRequest, 'times'>): readonly Variant[] {
    let decided = this.#decided.get(source);
    if (decided === undefined) {
      decided = this.#orElse<DecidedVariants>(NONE, () => this.#reader.of(source));
      this.#decided.set(source, decided);
    }
    if (!decided.isComplete) this.#want(asked);
    return decided.variants;
  }

  /** The bytes of a variant that this edge made. Undefined if the variant was published or has been evicted. */
  bytes(digest: Digest): Buffer | undefined {
    return this.#orElse(undefined, () => this.#reader.bytes(digest));
  }

  /** The variants that are known to be ready. Does not read from disk. */
  known(source: Digest): readonly Variant[] {
    return this.#decided.get(source)?.variants ?? [];
  }

  /**
   * Called when other variants may be ready. Returns whether any of these objects was requested since the last call.
   */
  forget(sources: readonly Digest[]): boolean {
    const known = sources.filter((source) => this.#decided.get(source) !== undefined);
    for (const source of known) this.#decided.delete(source);
    return known.length > 0;
  }

  /** Returns the entries that were noted since the last call, and clears them. */
  takeWanted(): VariantRequest[] {
    const wanted = [...this.#wanted.values()];
    this.#wanted = new Map();
    return wanted;
  }

  /** If the file of variants is damaged, readers get the plain bytes. */
  #orElse<T>(none: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#log.error({ err: error }, 'compressed variants cannot be read');
      return none;
    }
  }

  #want(asked: Omit<VariantRequest, 'times'>): void {
    const key = `${asked.site} ${asked.path}`;
    const times = (this.#wanted.get(key)?.times ?? 0) + 1;
    if (times > 1 || this.#wanted.size < MOST_WANTED) this.#wanted.set(key, { ...asked, times });
  }
}

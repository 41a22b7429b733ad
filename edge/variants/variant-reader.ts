import { type Digest, digestBytes, digestFromBytes } from '../../shared/content/digest.ts';
import { openForReading, statements } from '../../shared/sqlite/open.ts';
import { CODINGS } from './encode.ts';
import type { ContentCoding, Variant } from './variant.ts';
import { variantFile } from './variant-file.ts';

export interface DecidedVariants {
  /** The ready variants, the smallest first. */
  readonly variants: readonly Variant[];
  /** Whether every variant of the object is decided: made, or rejected as too large. */
  readonly isComplete: boolean;
}

/** Reads variants synchronously, in parallel with the writing thread. A look-up takes only some ten microseconds. */
export interface VariantReader {
  of(source: Digest): DecidedVariants;
  /** The bytes of a variant that this edge made. Undefined if the variant was published or has been evicted. */
  bytes(digest: Digest): Buffer | undefined;
}

export function openVariantReader(dataFolder: string): VariantReader {
  const sql = statements(openForReading(variantFile(dataFolder)));
  return {
    of(source) {
      const rows = sql('SELECT coding, digest, size FROM variant WHERE source = ? ORDER BY size').all(
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
      return { variants, isComplete: rows.length === CODINGS.length };
    },
    bytes(digest) {
      const row = sql('SELECT bytes FROM variant WHERE digest = ? AND bytes IS NOT NULL').get(
        digestBytes(digest),
      );
      if (row === undefined) return undefined;
      const bytes = row.bytes as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    },
  };
}

import type { Entry } from '../../shared/content/entry.ts';
import { isCompressibleType } from '../../shared/content/media-type.ts';

/** A smaller file fits into one packet anyway; a larger file would take the encoders too long. */
const SIZES = { least: 256, most: 10 * 1024 * 1024 };

/** Whether the edge makes compressed variants of an entry. Its type and size decide, without its bytes. */
export function isCompressible({ type, size }: Pick<Entry, 'type' | 'size'>): boolean {
  return size >= SIZES.least && size <= SIZES.most && isCompressibleType(type);
}

/** A variant must be smaller than this fraction of the plain bytes, because readers spend time decoding it. */
const PAYS_BELOW = 0.92;

export const pays = (variantBytes: number, plainBytes: number) => variantBytes < PAYS_BELOW * plainBytes;

import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { ContentCoding } from '../serve/accept-encoding.ts';

export const CODINGS: readonly ContentCoding[] = ['br', 'zstd', 'gzip'];

const MIB = 1024 * 1024;
/** Brotli's best level takes two seconds for a megabyte, the one below a tenth of that for 5 % more bytes. */
const BEST_BROTLI_BYTES = 2 * MIB;
/** RFC 9659: a decoder of `Content-Encoding: zstd` needs to support windows of 8 MB, and no larger ones. */
const MOST_ZSTD_WINDOW_LOG = 23;

/** The bytes in a content coding, as small as it is reasonable to make them. */
export function encode(bytes: Uint8Array, coding: ContentCoding): Buffer {
  switch (coding) {
    case 'br':
      return brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: bytes.length <= BEST_BROTLI_BYTES ? 11 : 9,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      });
    case 'zstd':
      return zstdCompressSync(bytes, {
        params: {
          [constants.ZSTD_c_compressionLevel]: 19,
          [constants.ZSTD_c_windowLog]: Math.min(
            MOST_ZSTD_WINDOW_LOG,
            Math.max(10, Math.ceil(Math.log2(bytes.length))),
          ),
        },
        pledgedSrcSize: bytes.length,
      });
    case 'gzip':
      return gzipSync(bytes, { level: 9 });
  }
}

/** What encoded bytes stand for; throws for what is not that coding, and for more than `most` bytes. */
export function decode(bytes: Uint8Array, coding: ContentCoding, most: number): Buffer {
  const limits = { maxOutputLength: most };
  switch (coding) {
    case 'br':
      return brotliDecompressSync(bytes, limits);
    case 'zstd':
      return zstdDecompressSync(bytes, {
        ...limits,
        params: { [constants.ZSTD_d_windowLogMax]: MOST_ZSTD_WINDOW_LOG },
      });
    case 'gzip':
      return gunzipSync(bytes, limits);
  }
}

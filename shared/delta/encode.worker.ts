import { constants, zstdCompressSync } from 'node:zlib';
import { type Digest, digestOf } from '../content/digest.ts';
import { serveCalls } from '../process/served-calls.ts';
import { type Coding, dczHeader, isRawDictionary, largestWindow } from './dcz.ts';

/** An object within the content. */
export interface Part {
  readonly digest: Digest;
  readonly at: number;
  readonly size: number;
}

/** Encoded bytes must be smaller than this fraction of the content. Otherwise decoding them is not worth the effort. */
const PAYS_BELOW = 0.9;

const KIB = 1024;
const MIB = 1024 * KIB;
const MIN_WINDOW_LOG = 10;

/**
 * zstd's parameters for one-shot encoding. They were measured with zstd 1.5.7 on releases of real packages, on one
 * core.
 *
 * With a dictionary, up to 512 KiB in all: levels 19 and 12 both take 20 ms. Above that, 12 is the best compromise: 8
 * MiB of small files take 150 ms; level 9 gives 12 to 15 % more bytes; levels 13 to 19 take 0.7 to 3 s and often give
 * more bytes.
 * Without a dictionary: 17 takes 45 ms for 200 KiB and saves 4 % over 12; 12 takes 160 ms for 5 MB; 10 takes 230 ms for
 * 8 MiB, where 12 takes 370 ms for 0.4 % less.
 * Long-distance matching stays off. With it, libzstd does not index the dictionary, which makes deltas up to thirty
 * times larger; without a dictionary, the window covers the content anyway.
 *
 * The window is as large as the content and no larger: while the content fits in the window, the dictionary stays in
 * reach.
 */
export function parametersFor(
  contentBytes: number,
  dictionaryBytes: number,
): { level: number; windowLog: number } {
  const most = largestWindow(dictionaryBytes);
  const windowLog = contentBytes <= most ? Math.ceil(Math.log2(contentBytes)) : Math.floor(Math.log2(most));
  return { level: levelFor(contentBytes, dictionaryBytes), windowLog: Math.max(MIN_WINDOW_LOG, windowLog) };
}

function levelFor(contentBytes: number, dictionaryBytes: number): number {
  if (dictionaryBytes > 0) return contentBytes + dictionaryBytes <= 512 * KIB ? 19 : 12;
  if (contentBytes <= 256 * KIB) return 17;
  return contentBytes <= 4 * MIB ? 12 : 10;
}

/** A dictionary as the thread receives it: a Buffer arrives as a plain Uint8Array. */
interface Dictionary {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

type Made = { readonly coding: Coding; readonly bytes: Uint8Array } | { readonly damaged: readonly Digest[] };

const encoder = {
  /**
   * Returns the content as a delta, compressed, or unchanged. If some of its objects do not match their digests,
   * returns these objects instead. A dictionary that is empty, not raw, or does not match its digest is ignored.
   */
  encode(content: Uint8Array, objects: readonly Part[], dictionary: Dictionary | null): Made {
    const damaged = objects
      .filter(({ digest, at, size }) => digestOf(content.subarray(at, at + size)) !== digest)
      .map(({ digest }) => digest);
    if (damaged.length > 0) return { damaged };
    const against = dictionary === null ? undefined : usable(dictionary);
    const { level, windowLog } = parametersFor(content.length, against?.length ?? 0);
    const frame = zstdCompressSync(content, {
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_windowLog]: windowLog,
      },
      pledgedSrcSize: content.length,
      ...(against === undefined ? {} : { dictionary: against }),
    });
    const header = against === undefined ? undefined : dczHeader(against);
    const size = (header?.length ?? 0) + frame.length;
    if (size >= PAYS_BELOW * content.length) return { coding: 'identity', bytes: content };
    // A new array, because posting a slice of Buffer's pool would send the whole pool.
    const bytes = new Uint8Array(size);
    if (header !== undefined) bytes.set(header);
    bytes.set(frame, size - frame.length);
    return { coding: header === undefined ? 'zstd' : 'dcz', bytes };
  },
};

function usable({ bytes, digest }: Dictionary): Uint8Array | undefined {
  return bytes.length > 0 && isRawDictionary(bytes) && digestOf(bytes) === digest ? bytes : undefined;
}

export type Encoder = typeof encoder;

export default serveCalls(encoder);

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import { cutOff, isCutOff } from '../../../shared/http/cut-off.ts';
import { ArchiveBounds, MOST_ZIP_BYTES } from './archive-bounds.ts';
import { archiveKind, TELLING_BYTES } from './archive-kind.ts';
import type { ArchivedFile } from './archived-file.ts';
import { spool } from './spool.ts';

const PIECE = 64 * 1024;
/** The largest window that a frame may ask for, as a power of 2: 32 MiB. Level 19 asks for 8 MiB. */
const MAX_WINDOW_LOG = 25;

/**
 * The files of a tar (plain, gzip or zstd), while it arrives, or of a zip, once it has arrived and lies in `folder`.
 * Throws `bad-archive`, `too-large`, `truncated-upload`, and what the body throws.
 */
export async function* archivedFiles(
  body: AsyncIterable<Uint8Array>,
  folder: string,
): AsyncGenerator<ArchivedFile> {
  const bounds = new ArchiveBounds();
  const { first, all } = await peeked(arriving(body, bounds));
  const kind = archiveKind(first);
  // Each library is loaded only here, because few origins ever get an archive.
  if (kind !== 'zip') {
    const { tarFiles } = await import('./tar-files.ts');
    yield* tarFiles(unpacked(all, kind, bounds));
    return;
  }
  const { zipFiles } = await import('./zip-files.ts');
  const zip = await spool(all, folder, MOST_ZIP_BYTES);
  try {
    yield* zipFiles(zip, bounds);
  } finally {
    await zip.close();
  }
}

async function* arriving(body: AsyncIterable<Uint8Array>, bounds: ArchiveBounds): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      bounds.arrived(piece.length);
      yield piece;
    }
  } catch (error) {
    throw isCutOff(error) ? cutOff(error) : error;
  }
}

async function peeked(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ readonly first: Buffer; readonly all: AsyncIterable<Uint8Array> }> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  while (held < TELLING_BYTES) {
    const { value, done } = await source.next();
    if (done) break;
    pieces.push(value);
    held += value.length;
  }
  const first = Buffer.concat(pieces);
  async function* all() {
    yield first;
    yield* source;
  }
  return { first, all: all() };
}

async function* unpacked(
  source: AsyncIterable<Uint8Array>,
  kind: 'tar' | 'gzip' | 'zstd',
  bounds: ArchiveBounds,
): AsyncGenerator<Uint8Array> {
  for await (const piece of kind === 'tar' ? source : decoded(source, kind)) {
    bounds.unpacked(piece.length);
    yield piece;
  }
}

async function* decoded(
  source: AsyncIterable<Uint8Array>,
  kind: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  const decoder =
    kind === 'gzip'
      ? createGunzip({ chunkSize: PIECE })
      : createZstdDecompress({
          chunkSize: PIECE,
          params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
        });
  // The loop throws the same error.
  pipeline(Readable.from(source), decoder).catch(() => {});
  try {
    for await (const piece of decoder) yield piece as Buffer;
  } catch (error) {
    if (error instanceof SkerryError) throw error;
    const isTooWide = systemCode(error) === 'ZSTD_error_frameParameter_windowTooLarge';
    const reason = isTooWide
      ? `needs a window of more than ${2 ** MAX_WINDOW_LOG} bytes`
      : 'is damaged or cut off';
    throw new SkerryError('bad-archive', `the ${kind} ${reason}`, { cause: error });
  }
}

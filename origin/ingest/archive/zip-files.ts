import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, inflateRawSync } from 'node:zlib';
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl';
import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { ArchiveBounds } from './archive-bounds.ts';
import type { ArchivedFile } from './archived-file.ts';
import { damaged } from './damaged.ts';
import { FileWindows } from './file-windows.ts';

const UNIX = 3;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const LINK = 0o120000;
const [STORED, DEFLATED] = [0, 8];
/** Flags of an entry, and the id of the extra field that holds its name in UTF-8. */
const ENCRYPTED = 1;
const UTF_8 = 0x800;
const UNICODE_NAME = 0x7075;

/** The files of a zip that is on the disk. Throws `bad-archive` and `too-large`. */
export async function* zipFiles(file: FileHandle, bounds: ArchiveBounds): AsyncGenerator<ArchivedFile> {
  const windows = new FileWindows(file);
  const reader = readerOver(windows);
  const options = { autoClose: false, lazyEntries: true, decodeStrings: false, validateEntrySizes: true };
  try {
    const zip = await fromRandomAccessReaderPromise(reader, (await file.stat()).size, options);
    for await (const entry of zip.eachEntry()) {
      const { uncompressedSize: size } = entry;
      const name = nameOf(entry);
      if (name.endsWith('/')) continue;
      refuseUnlessPlain(entry, name);
      // The directory says so before anything is unpacked. A file that unpacks to more is refused then.
      bounds.unpacked(size);
      const content = isSmall(entry) ? unpackedAtOnce(zip, entry, windows) : unpacked(zip, entry);
      yield { name, size, content: checked(content, entry.crc32, name) };
    }
  } catch (error) {
    throw damaged('zip', error);
  }
}

function readerOver(windows: FileWindows): RandomAccessReader {
  class WindowReader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(windows.pieces(start, end), { objectMode: false });
    }

    override read(
      target: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | null) => void,
    ): void {
      windows.bytes(position, position + length).then((bytes) => {
        bytes.copy(target, offset);
        done(bytes.length === length ? null : new Error('it ends too early'));
      }, done);
    }
  }
  return new WindowReader();
}

/**
 * Without a mark, names are in code page 437 by the specification. But macOS and others write UTF-8 without the mark,
 * and a text in code page 437 is hardly ever valid UTF-8.
 */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const isMarked = (generalPurposeBitFlag & UTF_8) !== 0 || extraFields.some(({ id }) => id === UNICODE_NAME);
  return !isMarked && isUtf8(fileNameRaw)
    ? fileNameRaw.toString().replaceAll('\\', '/')
    : getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
}

function refuseUnlessPlain(
  { versionMadeBy, externalFileAttributes, generalPurposeBitFlag, compressionMethod }: Entry,
  name: string,
): void {
  const refused = (reason: string) =>
    new SkerryError('bad-archive', `${JSON.stringify(name.slice(0, 200))} ${reason}`);
  const type = versionMadeBy >> 8 === UNIX ? (externalFileAttributes >>> 16) & FILE_TYPE : 0;
  if (type === LINK) throw refused('is a symbolic link: pack what it leads to (zip without -y)');
  if (type !== 0 && type !== REGULAR) throw refused('is no plain file');
  if ((generalPurposeBitFlag & ENCRYPTED) !== 0) throw refused('is encrypted');
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw refused(`is packed by method ${compressionMethod}, and only deflate can be unpacked`);
}

/** Whether unpacking takes less time than passing the bytes to another thread. */
function isSmall({ compressedSize, uncompressedSize }: Entry): boolean {
  return uncompressedSize <= SMALL_OBJECT && compressedSize <= SMALL_OBJECT;
}

async function* unpackedAtOnce(zip: ZipFile, entry: Entry, windows: FileWindows): AsyncGenerator<Buffer> {
  const { compressedSize, uncompressedSize: size, compressionMethod } = entry;
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = await windows.bytes(fileDataStart, fileDataStart + compressedSize);
  const bytes =
    compressionMethod === STORED ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  if (bytes.length !== size) throw new Error(`a file has ${bytes.length} bytes instead of ${size}`);
  yield bytes;
}

/** The library checks the size. */
async function* unpacked(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  for await (const piece of await zip.openReadStreamPromise(entry)) yield piece as Buffer;
}

async function* checked(
  content: AsyncIterable<Buffer>,
  expected: number,
  name: string,
): AsyncGenerator<Buffer> {
  let sum = 0;
  try {
    for await (const piece of content) {
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    throw damaged('zip', error);
  }
  if (sum !== expected)
    throw new SkerryError(
      'bad-archive',
      `${JSON.stringify(name.slice(0, 200))} is damaged: its checksum differs`,
    );
}

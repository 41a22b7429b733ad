import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { SkerryError } from '../../../shared/errors.ts';
import type { ArchivedFile } from './archived-file.ts';
import { damaged } from './damaged.ts';

const BLOCK = 512;
/**
 * A tar ends in two blocks of zeros after its last file. One that is cut between two files would otherwise look whole.
 * `tar-stream` itself notices a cut within a file.
 */
const END_BYTES = 2 * BLOCK;
const FILES: ReadonlySet<unknown> = new Set(['file', 'contiguous-file']);
const OTHERS: Readonly<Record<string, string>> = {
  link: 'a hard link',
  symlink: 'a symbolic link',
  'character-device': 'a device',
  'block-device': 'a device',
  fifo: 'a pipe',
};

/**
 * The files of a tar, while it arrives. Throws `bad-archive`, and what the source throws, which must be errors of the
 * table.
 */
export async function* tarFiles(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivedFile> {
  const entries = extract();
  const end = new TarEnd();
  let endOfLast = 0;
  const reading = pipeline(Readable.from(end.watched(source)), entries);
  // The loop throws the same error.
  reading.catch(() => {});
  try {
    for await (const entry of entries) {
      endOfLast = endOf(entry.header, entry.offset);
      const file = fileOf(entry.header, entry);
      if (file === undefined) entry.resume();
      else yield file;
    }
    await reading;
  } catch (error) {
    throw damaged('tar', error);
  }
  if (end.zerosAfter(endOfLast) < END_BYTES)
    throw new SkerryError('bad-archive', 'the tar is cut off: its end is missing');
}

/** Undefined for a folder, which exists by its files. Throws `bad-archive` for everything that is no plain file. */
function fileOf(
  { type, name, size, pax }: Header,
  content: AsyncIterable<unknown>,
): ArchivedFile | undefined {
  if (type === 'directory') return undefined;
  // GNU tar writes files with holes in a form of its own, and gives them another name.
  const isSparse = /"GNU\.sparse/.test(JSON.stringify(pax ?? null));
  if (FILES.has(type) && !isSparse) return { name, size, content: bytesOf(content) };
  const kind = OTHERS[type] ?? (isSparse ? 'a sparse file' : 'no plain file');
  const advice = type === 'link' || type === 'symlink' ? ': pack with `tar -h --hard-dereference`' : '';
  throw new SkerryError('bad-archive', `${JSON.stringify(name.slice(0, 200))} is ${kind}${advice}`);
}

async function* bytesOf(content: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of content) yield piece as Uint8Array;
  } catch (error) {
    throw damaged('tar', error);
  }
}

/** Where the blocks of a file end in the tar. A folder has none, whatever its size says. */
function endOf({ type, size }: Header, offset: number): number {
  return offset + BLOCK + (type === 'directory' ? 0 : Math.ceil(size / BLOCK) * BLOCK);
}

/** Counts the zeros at the end of a tar. */
class TarEnd {
  #bytes = 0;
  #zeros = 0;

  /** The zeros at the end that lie after this byte. The last file may end in zeros, too. */
  zerosAfter(byte: number): number {
    return Math.min(this.#zeros, this.#bytes - byte);
  }

  async *watched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      // A loop: a call for each byte would take ten times as long, and some archives are zeros all through.
      let end = piece.length;
      while (end > 0 && piece[end - 1] === 0) end--;
      this.#zeros = end === 0 ? this.#zeros + piece.length : piece.length - end;
      this.#bytes += piece.length;
      yield piece;
    }
  }
}

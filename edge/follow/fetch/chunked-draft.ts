import { type ChunkList, decodeChunkList } from '../../../shared/content/chunk-list.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { MAX_CHUNK } from '../../../shared/content/fastcdc.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Draft } from '../../../shared/store/object-store.ts';
import { BUNDLE_OBJECT } from '../../../shared/wire/bundle.ts';
import type { NeededObject } from '../../store/catalog.ts';

/** Treats an object of up to 1 MiB, which has no chunk list, as one chunk with the object's own digest. */
export function wholeAsOneChunk({ digest, size }: NeededObject): ChunkList {
  if (size > BUNDLE_OBJECT)
    throw new SkerryError('upstream-protocol', `the object ${digest} has no chunk list`);
  return { object: digest, size, chunks: [{ digest, size }] };
}

export function startOf(list: ChunkList, index: number): number {
  let start = 0;
  for (const chunk of list.chunks.slice(0, index)) start += chunk.size;
  return start;
}

/** The end of the run of missing chunks that begins at `first`. */
export function endOfRun(list: ChunkList, first: number, local: ReadonlyMap<Digest, number>): number {
  let end = first + 1;
  while (end < list.chunks.length) {
    const chunk = list.chunks[end];
    if (chunk === undefined || local.has(chunk.digest)) break;
    end++;
  }
  return end;
}

/**
 * Counts the chunks that the draft of an earlier attempt holds. Truncates the draft after the last chunk that matches.
 */
export async function verifiedChunks(draft: Draft, list: ChunkList): Promise<number> {
  let start = 0;
  for (const [i, chunk] of list.chunks.entries()) {
    if (start + chunk.size > draft.size || !(await holdsChunk(draft, start, chunk))) {
      await draft.truncate(start);
      return i;
    }
    start += chunk.size;
  }
  await draft.truncate(start);
  return list.chunks.length;
}

async function holdsChunk(draft: Draft, start: number, chunk: ChunkList['chunks'][number]): Promise<boolean> {
  const bytes = Buffer.concat(await draft.read({ start, end: start + chunk.size }).toArray());
  return digestOf(bytes) === chunk.digest;
}

/**
 * Checks and yields the chunks of a body, from `first` up to, but not including, `last`. Each chunk overwrites the
 * bytes of the previous one. Throws `corrupt-object` if a chunk does not match its signed digest, or if the body has
 * bytes beyond the last chunk.
 */
export async function* checkedChunks(
  list: ChunkList,
  first: number,
  last: number,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  // All chunks share one buffer. If each had its own, hundreds of buffers would wait for the garbage collector.
  const held = Buffer.allocUnsafe(MAX_CHUNK);
  let bytes = 0;
  let next = first;
  for await (const piece of body) {
    for (let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.length); rest.length > 0; ) {
      const chunk = next < last ? list.chunks[next] : undefined;
      if (chunk === undefined)
        throw new SkerryError('corrupt-object', `the object ${list.object} is longer than the origin signed`);
      const taken = rest.copy(held, bytes, 0, chunk.size - bytes);
      rest = rest.subarray(taken);
      bytes += taken;
      if (bytes < chunk.size) continue;
      if (digestOf(held.subarray(0, bytes)) !== chunk.digest)
        throw new SkerryError('corrupt-object', `the chunk ${chunk.digest} does not match its digest`);
      yield held.subarray(0, bytes);
      bytes = 0;
      next++;
    }
  }
}

export function decodeList(bytes: Buffer): ChunkList {
  try {
    return decodeChunkList(bytes);
  } catch (cause) {
    throw new SkerryError('corrupt-object', 'a chunk list cannot be decoded', { cause });
  }
}

import type { Digest } from '../../../shared/content/digest.ts';
import { fromPlainError, hasCode, SkerryError } from '../../../shared/errors.ts';
import { changed, type FileStamp } from '../../../shared/files/real-file.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { FoundFile } from './scan.ts';

const AT_ONCE = 4;
/** Small files go to a thread in batches, because handing over a single small file takes longer than hashing it. */
const BATCH = { files: 64, bytes: 4 * 1024 * 1024 };

export interface HashedFile extends FoundFile {
  readonly digest: Digest;
  readonly stamp: FileStamp;
}

/** Hashes files in threads and keeps their order. A file that grew or shrank since it was found gets its new size. */
export async function hashFiles(
  files: readonly FoundFile[],
  hashThreads: HashThreads,
  hashed: (files: number) => void,
  signal: AbortSignal,
): Promise<HashedFile[]> {
  const batches = [...batchesOf(files)];
  const results: HashedFile[][] = new Array(batches.length);
  const queue = batches.entries();
  const work = async () => {
    for (const [i, batch] of queue) {
      signal.throwIfAborted();
      results[i] = await hashBatch(batch, hashThreads).catch((error: unknown) => {
        // The abort also stopped the threads.
        signal.throwIfAborted();
        throw error;
      });
      hashed(batch.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results.flat();
}

function* batchesOf(files: readonly FoundFile[]): Generator<FoundFile[]> {
  let batch: FoundFile[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    bytes += file.size;
    if (batch.length < BATCH.files && bytes < BATCH.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function hashBatch(batch: readonly FoundFile[], hashThreads: HashThreads): Promise<HashedFile[]> {
  const results = await hashThreads.remote.digests(batch.map(({ file }) => file));
  return batch.map((file, i) => {
    const result = results[i];
    if (result === undefined) throw new Error('there are fewer digests than files');
    if ('digest' in result) return { ...file, ...result };
    const cause = fromPlainError(result);
    if (hasCode(cause, 'file-changed')) throw changed(file.path, cause);
    throw new SkerryError('unreadable-file', `${file.path} cannot be read: ${cause.message}`, { cause });
  });
}

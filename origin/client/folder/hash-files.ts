import { JobQueue } from '../../../shared/concurrency/job-queue.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import { fromPlainError, hasCode, SkerryError } from '../../../shared/errors.ts';
import { changed, type FileStamp } from '../../../shared/files/real-file.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { FoundFile } from './scan.ts';

const AT_ONCE = 4;
/** Small files go to a thread in batches, because handing over a single small file takes longer than hashing it. */
const BATCH = { files: 256, bytes: 4 * 1024 * 1024 };

export interface HashedFile extends FoundFile {
  readonly digest: Digest;
  readonly stamp: FileStamp;
}

/**
 * Hashes files in threads, in the order in which they are added. A file that grew or shrank since it was found gets its
 * new size.
 */
export class FileHashing {
  readonly #hashThreads: HashThreads;
  readonly #hashed: (files: readonly HashedFile[]) => void;
  readonly #signal: AbortSignal;
  readonly #queue = new JobQueue(AT_ONCE);
  readonly #results: (readonly HashedFile[])[] = [];
  #batch: FoundFile[] = [];
  #bytes = 0;

  /** `hashed` is called with each batch when it is done. */
  constructor(hashThreads: HashThreads, hashed: (files: readonly HashedFile[]) => void, signal: AbortSignal) {
    this.#hashThreads = hashThreads;
    this.#hashed = hashed;
    this.#signal = signal;
  }

  add(file: FoundFile): void {
    this.#batch.push(file);
    this.#bytes += file.size;
    if (this.#batch.length === BATCH.files || this.#bytes >= BATCH.bytes) this.#passOn();
  }

  /** All files, in the order in which they were added. */
  async end(): Promise<HashedFile[]> {
    this.#passOn();
    await this.#queue.ended();
    return this.#results.flat();
  }

  #passOn(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    const place = this.#results.push([]) - 1;
    this.#batch = [];
    this.#bytes = 0;
    this.#queue.add(async () => {
      this.#signal.throwIfAborted();
      const files = await hashBatch(batch, this.#hashThreads).catch((error: unknown) => {
        // The abort also stopped the threads.
        this.#signal.throwIfAborted();
        throw error;
      });
      this.#results[place] = files;
      this.#hashed(files);
    });
  }
}

/** Hashes files that are all known. */
export async function hashFiles(
  files: readonly FoundFile[],
  hashThreads: HashThreads,
  hashed: (files: readonly HashedFile[]) => void,
  signal: AbortSignal,
): Promise<HashedFile[]> {
  const hashing = new FileHashing(hashThreads, hashed, signal);
  for (const file of files) hashing.add(file);
  return hashing.end();
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

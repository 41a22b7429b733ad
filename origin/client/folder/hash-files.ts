import { sep } from 'node:path';
import { JobQueue } from '../../../shared/concurrency/job-queue.ts';
import { DIGEST_LENGTH, type Digest } from '../../../shared/content/digest.ts';
import { fromPlainError, hasCode, type PlainError, SkerryError } from '../../../shared/errors.ts';
import { changed, type FileStamp } from '../../../shared/files/real-file.ts';
import type { FileDigests, FolderFiles } from '../../../shared/hashing/hash-calls.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import type { FoundFile } from './scan.ts';

const AT_ONCE = 4;
/** Files go to a thread in batches, because handing over a single small file takes longer than hashing it. */
const BATCH = 256;
/** A larger file goes to a thread alone, so that several are hashed at the same time. */
const LARGE = 1024 * 1024;

export interface HashedFile extends FoundFile {
  readonly digest: Digest;
  readonly size: number;
  /** Undefined for a small file, whose content is compared instead. */
  readonly stamp: FileStamp | undefined;
}

/** Hashes files in threads. */
export class FileHashing {
  readonly #hashThreads: HashThreads;
  readonly #hashed: (files: readonly HashedFile[]) => void;
  readonly #signal: AbortSignal;
  readonly #queue = new JobQueue(AT_ONCE);
  readonly #results: HashedFile[][] = [];
  #batch: FoundFile[] = [];

  /** `hashed` is called with each batch when it is done. */
  constructor(hashThreads: HashThreads, hashed: (files: readonly HashedFile[]) => void, signal: AbortSignal) {
    this.#hashThreads = hashThreads;
    this.#hashed = hashed;
    this.#signal = signal;
  }

  add(file: FoundFile): void {
    this.#batch.push(file);
    if (this.#batch.length === BATCH) this.#passOn();
  }

  /** All files, in the order in which they were added, except that each batch ends with its large files. */
  async end(): Promise<HashedFile[]> {
    this.#passOn();
    await this.#queue.ended();
    return this.#results.flat();
  }

  #passOn(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    const results: HashedFile[] = [];
    this.#results.push(results);
    this.#hash(batch, LARGE, results);
  }

  #hash(batch: readonly FoundFile[], most: number, results: HashedFile[]): void {
    this.#queue.add(async () => {
      this.#signal.throwIfAborted();
      const answer = await this.#hashThreads.remote
        .digests(inFolders(batch), most)
        .catch((error: unknown) => {
          // The abort also stopped the threads.
          this.#signal.throwIfAborted();
          throw error;
        });
      const { files, large } = hashedFiles(batch, answer);
      for (const file of large) this.#hash([file], Number.POSITIVE_INFINITY, results);
      results.push(...files);
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

/** Groups files that follow each other in one folder. */
function inFolders(batch: readonly FoundFile[]): FolderFiles[] {
  const groups: { readonly folder: string; readonly names: string[] }[] = [];
  for (const { file } of batch) {
    const end = file.lastIndexOf(sep);
    const folder = file.slice(0, end) || sep;
    const name = file.slice(end + 1);
    const last = groups.at(-1);
    if (last?.folder === folder) last.names.push(name);
    else groups.push({ folder, names: [name] });
  }
  return groups.map(({ folder, names }) => ({ folder, names: names.join('/') }));
}

/** Throws `file-changed` and `unreadable-file`. */
function hashedFiles(
  batch: readonly FoundFile[],
  { digests, sizes, stamps, others }: FileDigests,
): { readonly files: readonly HashedFile[]; readonly large: readonly FoundFile[] } {
  const files: HashedFile[] = [];
  const large: FoundFile[] = [];
  for (const [i, found] of batch.entries()) {
    const other = others.get(i);
    if (other === 'large') large.push(found);
    else if (other !== undefined) throw unhashed(found, other);
    else {
      const { path, file } = found;
      const at = files.length;
      const digest = digests.slice(at * DIGEST_LENGTH, (at + 1) * DIGEST_LENGTH) as Digest;
      files.push({ path, file, digest, size: sizes[at] ?? 0, stamp: stamps.get(i) });
    }
  }
  if (files.length !== sizes.length) throw new Error('there are not as many digests as files');
  return { files, large };
}

function unhashed({ path }: FoundFile, reason: PlainError): SkerryError {
  const cause = fromPlainError(reason);
  if (hasCode(cause, 'file-changed')) return changed(path, cause);
  return new SkerryError('unreadable-file', `${path} cannot be read: ${cause.message}`, { cause });
}

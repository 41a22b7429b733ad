import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import { FileHashing, type HashedFile } from './hash-files.ts';
import { readLeftOut } from './left-out.ts';
import { walkFolder } from './scan.ts';

interface FoundAmount {
  readonly files: number;
  /** Counts files, and folders that were not read. */
  readonly leftOut: number;
}

/** Finds the files of a folder and hashes them at the same time. It begins at once, before anybody waits for it. */
export class FolderReading {
  /** Resolves when all files are found. Throws what `readLeftOut` and `walkFolder` throw. */
  readonly scanned: Promise<FoundAmount>;
  readonly #hashing: FileHashing;
  readonly #stop = new AbortController();
  readonly #done: HashedFile[] = [];
  #found = 0;
  #progress: (hashed: number, found: number) => void = () => {};
  #take: (files: readonly HashedFile[]) => void = () => {};

  /** `include` are globs of files that are left out by default. */
  constructor(folder: string, include: readonly string[], hashThreads: HashThreads, signal: AbortSignal) {
    const hashed = (files: readonly HashedFile[]) => {
      this.#done.push(...files);
      this.#progress(this.#done.length, this.#found);
      this.#take(files);
    };
    this.#hashing = new FileHashing(hashThreads, hashed, AbortSignal.any([signal, this.#stop.signal]));
    this.scanned = this.#scan(folder, include);
    // It may fail before anybody waits for it.
    this.scanned.catch(() => {});
  }

  /** `progress` is called with the numbers of files that are hashed and that are found so far. */
  report(progress: (hashed: number, found: number) => void): void {
    this.#progress = progress;
    progress(this.#done.length, this.#found);
  }

  /** Passes on all files that are hashed by now, and each later one once it is hashed. */
  passOn(take: (files: readonly HashedFile[]) => void): void {
    take(this.#done);
    this.#take = take;
  }

  /** All files, in the order of the scan, which has ended. */
  hashed(): Promise<HashedFile[]> {
    return this.#hashing.end();
  }

  /** Hashes nothing more. A scan that failed leaves files to hash. */
  stop(): void {
    this.#stop.abort();
  }

  async #scan(folder: string, include: readonly string[]): Promise<FoundAmount> {
    const leftOut = await walkFolder(folder, await readLeftOut(folder, include), (file) => {
      this.#found++;
      this.#hashing.add(file);
    });
    return { files: this.#found, leftOut };
  }
}

import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import { FileHashing, type HashedFile } from './hash-files.ts';
import type { LeftOut } from './left-out.ts';
import { type ScannedFolder, scanFolder } from './scan.ts';

/** Finds the files of a folder and hashes them at the same time. */
export class FolderReading {
  readonly #hashing: FileHashing;
  readonly #done: HashedFile[] = [];
  #found = 0;
  #take: ((files: readonly HashedFile[]) => void) | undefined;

  /** `progress` is called with the numbers of files that are hashed and that are found so far. */
  constructor(
    hashThreads: HashThreads,
    progress: (hashed: number, found: number) => void,
    signal: AbortSignal,
  ) {
    this.#hashing = new FileHashing(
      hashThreads,
      (files) => {
        this.#done.push(...files);
        progress(this.#done.length, this.#found);
        this.#take?.(files);
      },
      signal,
    );
  }

  scan(folder: string, rules: LeftOut): Promise<ScannedFolder> {
    return scanFolder(folder, rules, (file) => {
      this.#found++;
      this.#hashing.add(file);
    });
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
}

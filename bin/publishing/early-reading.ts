import { setTimeout as sleep } from 'node:timers/promises';
import type { FolderReading } from '../../origin/client/folder/read-folder.ts';
import type { HashThreads } from '../../shared/hashing/hash-threads.ts';
import { interruptibleHashing } from '../terminal/interruptible-hashing.ts';

/** Long enough for some ten thousand files. */
const HEAD_START_MS = 400;

export interface EarlyReading {
  readonly reading: FolderReading;
  readonly hashThreads: HashThreads;
  /** Ends the reading, also in the middle. */
  close(): Promise<void>;
}

/**
 * Begins to read a folder before the libraries of the client are loaded. Loading them keeps this thread busy for a third
 * of a second, in which it passes no file on to the threads that hash. So the scan has a head start, and the threads
 * start meanwhile.
 */
export async function earlyReading(
  folder: string,
  include: readonly string[],
  signal: AbortSignal,
): Promise<EarlyReading> {
  const hashThreads = await interruptibleHashing(signal);
  const { FolderReading } = await import('../../origin/client/folder/read-folder.ts');
  const reading = new FolderReading(folder, include, hashThreads, signal);
  const isScanned = new AbortController();
  // Whatever failed fails again when the publish waits for it.
  const hashing = reading.scanned.finally(() => isScanned.abort()).then(() => reading.hashed());
  hashing.catch(() => {});
  await sleep(HEAD_START_MS, undefined, { signal: isScanned.signal }).catch(() => {});
  return {
    reading,
    hashThreads,
    async close() {
      reading.stop();
      await hashThreads.stop();
    },
  };
}

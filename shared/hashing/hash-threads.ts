import { availableParallelism } from 'node:os';
import { moduleUrl } from '../process/module-url.ts';
import { startThreads, type Thread } from '../process/thread.ts';
import type { HashCalls } from './hash-calls.ts';

export type HashThreads = Thread<HashCalls>;

/** The maximum number of threads. More of them would only wait for the disk, and each takes 15 MB. */
const MOST = 4;

/** Starts threads that read whole files to find digests, sizes, chunks and faults in rules. */
export function startHashThreads(threads = Math.min(MOST, availableParallelism())): HashThreads {
  return startThreads<HashCalls>(moduleUrl('./hash.worker', import.meta.url), threads, undefined);
}

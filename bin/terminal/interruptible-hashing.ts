import type { HashThreads } from '../../shared/hashing/hash-threads.ts';

/** Threads that hash files for a command. An interruption ends them in the middle of a file. */
export async function interruptibleHashing(signal: AbortSignal): Promise<HashThreads> {
  const { startHashThreads } = await import('../../shared/hashing/hash-threads.ts');
  const hashThreads = startHashThreads();
  signal.addEventListener('abort', () => void hashThreads.stop(), { once: true });
  return hashThreads;
}

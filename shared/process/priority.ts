import { readdirSync, readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

const REPLICATING = 5;

/**
 * Lowers the priority of all threads of this process below that of the serving processes, where the system has a
 * priority for each thread (Linux). A thread with a lower priority keeps it.
 */
export function yieldToReaders(): void {
  try {
    for (const thread of readdirSync('/proc/self/task').map(Number))
      if (getPriority(thread) < REPLICATING) setPriority(thread, REPLICATING);
  } catch {
    // Elsewhere, replication and serving have the same priority.
  }
}

/**
 * Raises the priority of a serving process, because a process that the replicator starts later inherits the
 * replicator's priority. Without the right to raise it (RLIMIT_NICE), both have the same priority.
 */
export function goBeforeReplication(): void {
  try {
    setPriority(constants.priority.PRIORITY_NORMAL);
  } catch {
    // Without the right to change it, the priority stays as it is.
  }
}

/** Makes the calling thread run only when nothing else does, where each thread has a priority of its own. */
export function yieldToAll(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // Elsewhere, the priority stays.
  }
}

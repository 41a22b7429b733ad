import { readdirSync, readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

const REPLICATING = 5;

/**
 * If the system has a priority for each thread (Linux), lowers the priority of all threads of this process below that
 * of the serving processes. A thread with a lower priority keeps it.
 */
export function yieldToReaders(): void {
  try {
    for (const thread of readdirSync('/proc/self/task').map(Number))
      if (getPriority(thread) < REPLICATING) setPriority(thread, REPLICATING);
  } catch {
    // On other systems, replication and serving have the same priority.
  }
}

/**
 * Raises the priority of a serving process, because a process that the replicator starts later inherits the
 * replicator's priority. If the process is not permitted to raise its priority (RLIMIT_NICE), it keeps the priority of
 * the replicator.
 */
export function goBeforeReplication(): void {
  try {
    setPriority(constants.priority.PRIORITY_NORMAL);
  } catch {
    // The process is not permitted to change its priority, so its priority stays as it is.
  }
}

/**
 * If the system has a priority for each thread, gives the calling thread the lowest priority, so that other threads get
 * the processor first.
 */
export function yieldToAll(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // On other systems, the priority does not change.
  }
}

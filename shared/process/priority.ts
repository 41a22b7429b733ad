import { readdirSync, readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

const REPLICATING = 5;

/**
 * Lets all threads of this process yield to the serving processes, where the system has a priority for each thread
 * (Linux). Those that yield more already are left as they are.
 */
export function yieldToReaders(): void {
  try {
    for (const thread of readdirSync('/proc/self/task').map(Number))
      if (getPriority(thread) < REPLICATING) setPriority(thread, REPLICATING);
  } catch {
    // Elsewhere replication and readers are equals.
  }
}

/**
 * A serving process that is started later has the replicator's priority. Without the right to raise it
 * (RLIMIT_NICE) it competes with the replicator as an equal.
 */
export function goBeforeReplication(): void {
  try {
    setPriority(constants.priority.PRIORITY_NORMAL);
  } catch {
    // As above.
  }
}

/** The calling thread works when nothing else does, where a thread has a priority of its own. */
export function yieldToAll(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // As above.
  }
}

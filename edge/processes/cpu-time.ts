import { readFileSync } from 'node:fs';

/**
 * The processor time that a process has used, in ticks of the system. Undefined where the system does not report it.
 */
export function cpuTime(pid: number): number | undefined {
  try {
    return ticksIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The processor time in the text of `/proc/PID/stat`, in ticks of the system. */
export function ticksIn(stat: string): number {
  // Fields 14 and 15 of proc_pid_stat(5), counted from behind the process name, which may contain any character.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return Number(user) + Number(system);
}

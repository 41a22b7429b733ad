import { readFileSync } from 'node:fs';

/** What a process has used of the processors, in ticks of the system; undefined where that is not known. */
export function cpuTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 and 15 (proc_pid_stat(5)), counted from behind the name, which may hold anything.
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return Number(user) + Number(system);
  } catch {
    return undefined;
  }
}

import { readdir, readFile } from 'node:fs/promises';
import { ticksIn } from './cpu-time.ts';

/** USER_HZ, which is 100 on every system that Node runs on. */
const TICKS_PER_SECOND = 100;

/** The system resources that one process uses. */
export interface ProcessUse {
  readonly openDescriptors: number;
  /** The maximum number of descriptors that the process may have open. */
  readonly mostDescriptors: number;
  readonly residentBytes: number;
  /** The processor time that the process has used. */
  readonly cpuSeconds: number;
}

/** The resources of a process. Undefined if the system does not report them (proc(5)) or the process has ended. */
export async function processUse(pid: number): Promise<ProcessUse | undefined> {
  const about = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8');
  try {
    const [descriptors, limits, status, stat] = await Promise.all([
      readdir(`/proc/${pid}/fd`),
      about('limits'),
      about('status'),
      about('stat'),
    ]);
    return {
      openDescriptors: descriptors.length,
      mostDescriptors: Number(/^Max open files +(\d+)/m.exec(limits)?.[1]),
      residentBytes: 1024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]),
      cpuSeconds: ticksIn(stat) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

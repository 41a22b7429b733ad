import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** The CPU time that all threads of a process have used, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The peak resident memory of a process, in bytes. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/**
 * The total seconds that the machine's processors were busy, including time that the host of the virtual machine took.
 */
function busySeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number);
  const ticks = [user, nice, system, irq, softirq, steal].reduce<number>((sum, n) => sum + (n ?? 0), 0);
  return ticks / TICKS_PER_SECOND;
}

export interface Load {
  readonly origin: number;
  readonly edges: number;
  /** The CPU time that all other processes of this machine used. The more they used, the slower a timed round is. */
  readonly others: number;
}

/** Starts to count CPU time. The returned function tells how many seconds have been used since. */
export function countLoad(origin: number, edges: readonly number[]): () => Load {
  const now = () => ({
    origin: cpuSeconds(origin),
    edges: edges.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
    own: cpuSeconds(process.pid),
    busy: busySeconds(),
  });
  const began = now();
  return () => {
    const ended = now();
    const since = (key: keyof typeof began) => ended[key] - began[key];
    const [originUsed, edgesUsed] = [since('origin'), since('edges')];
    return {
      origin: originUsed,
      edges: edgesUsed,
      others: Math.max(0, since('busy') - originUsed - edgesUsed - since('own')),
    };
  };
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peakBytes } from '../../helpers/peak-memory.ts';
import type { Stalls, Watched } from './stall-probe.ts';

const EVERY_MS = 20;

/**
 * Requests each address again and again, over a new connection each time, until it is stopped. A process of its own does
 * so, because an attacker who is busy would otherwise delay the answers of this process.
 */
export async function watchStalls(addresses: Watched): Promise<() => Promise<Stalls>> {
  const probe = fork(join(import.meta.dirname, 'stall-probe.ts'), { serialization: 'advanced' });
  await once(probe, 'message');
  probe.send(addresses);
  return async () => {
    const told = once(probe, 'message');
    probe.send('stop');
    const [longest] = (await told) as [Stalls['longest']];
    return { longest };
  };
}

/** Resets the peak memory that the kernel keeps for each process. */
export async function forgetPeaks(pids: readonly number[]): Promise<void> {
  for (const pid of pids) await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

/**
 * The most memory that one of the processes has used, until it is stopped. A process that ends counts with its last
 * known value.
 */
export function watchPeak(pids: readonly number[]) {
  let highest = 0;
  const look = async () => {
    for (const pid of pids) highest = Math.max(highest, (await peakBytes(pid).catch(() => 0)) || 0);
  };
  const timer = setInterval(look, EVERY_MS);
  return async (): Promise<number> => {
    clearInterval(timer);
    await look();
    return highest;
  };
}

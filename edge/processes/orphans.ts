import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import { openDataFolder } from '../../shared/files/data-folder.ts';
import { freePort, type ListenAddress } from '../../shared/http/listen.ts';
import { SERVING } from './serving-process.ts';

const DYING = { tries: 100, ms: 50 };
/**
 * A process that ends loses its command line a moment before its port, and an edge that is killed holds its data folder
 * a moment longer. So the first tries may find nobody to kill.
 */
const TRIES_WITHOUT_ORPHANS = 20;

/**
 * Returns the port if no process listens on it. Otherwise throws `port-in-use`. When an edge is killed, its serving
 * processes end by themselves, but a frozen one cannot, and keeps the port. This function kills such processes of an
 * earlier edge with the same data folder.
 */
export async function servingPort(address: ListenAddress, data: string, clock: Clock): Promise<number> {
  let killed = false;
  for (let attempt = 0; ; attempt++) {
    try {
      return await freePort(address);
    } catch (error) {
      if (!hasCode(error, 'port-in-use') || attempt === DYING.tries) throw error;
      killed ||= await killOrphans(resolve(data));
      if (!killed && attempt === TRIES_WITHOUT_ORPHANS) throw error;
      await clock.sleep(DYING.ms);
    }
  }
}

/**
 * Returns false if there are no orphans, or if their edge is alive. Orphans are found through /proc, so only on Linux.
 */
async function killOrphans(data: string): Promise<boolean> {
  const orphans = await servingProcessesOf(data);
  if (orphans.length === 0 || (await isInUse(data))) return false;
  for (const pid of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended by itself in the meantime.
    }
  }
  return true;
}

async function isInUse(data: string): Promise<boolean> {
  try {
    (await openDataFolder(data, 'edge')).release();
    return false;
  } catch (error) {
    if (hasCode(error, 'data-folder-in-use')) return true;
    throw error;
  }
}

async function servingProcessesOf(folder: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const found: number[] = [];
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const args = line.split('\0');
    if (args.includes(SERVING) && args.includes(folder)) found.push(Number(name));
  }
  return found;
}

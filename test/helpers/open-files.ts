import { readdirSync, readlinkSync } from 'node:fs';

/** The files that this process has open. Only Linux tells. */
export function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}

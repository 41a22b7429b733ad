import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** Together some seconds. */
const TRIES = { maxRetries: 10, retryDelay: 100 };

/**
 * Takes the place of the package rimraf where tap removes the folder of a test. That is before the teardowns of the
 * test if it made the folder first. So a process that the test has started may still write there, for example its
 * access log, and rimraf would give up when a folder is not empty any more.
 */
export async function rimraf(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, ...TRIES });
}

export function rimrafSync(path: string): void {
  rmSync(path, { recursive: true, force: true, ...TRIES });
}

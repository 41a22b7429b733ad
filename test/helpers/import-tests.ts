import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Runs all tests below a folder in this process. A process for each file would take longer than the tests. */
export async function importTests(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
  for (const name of names.sort()) await import(pathToFileURL(join(folder, name)).href);
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

/** Runs all tests below a folder in this process. A process for each file would take longer than the tests. */
export async function importTests(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
  for (const name of names.sort()) {
    const imported = import(pathToFileURL(join(folder, name)).href);
    // Without this, the run would end when a file prepares something and the tests of all others are over.
    t.waitOn(imported);
    await imported;
  }
}

import { readFile } from 'node:fs/promises';

/** The lines of a file that may still be written: the last one may be half there. None if there is no file yet. */
export async function wholeLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

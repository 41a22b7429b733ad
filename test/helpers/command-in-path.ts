import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const LAUNCHER = join(import.meta.dirname, '../../bin/launch.js');

/** Writes a program `skerry` that runs this tree into the folder, and returns the PATH that begins with the folder. */
export async function pathWithSkerry(folder: string): Promise<string> {
  const program = join(folder, 'skerry');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`);
  await chmod(program, 0o755);
  return [folder, process.env.PATH].join(delimiter);
}

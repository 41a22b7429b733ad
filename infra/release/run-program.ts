import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MOST_OUTPUT = 64 * 1024 * 1024;

/** Runs a program on the build machine. Resolves with its output. Rejects with its error output when it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<string> {
  const { stdout } = await run(program, args, { cwd, maxBuffer: MOST_OUTPUT });
  return stdout.trim();
}

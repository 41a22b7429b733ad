import { createProgram } from './program.ts';
import { printError } from './terminal/output.ts';
import { exitCodeOf, explain } from './terminal/report-error.ts';

/** Runs one command and returns its exit code. Prints an error as one line on stderr. */
export async function run(args: readonly string[]): Promise<number> {
  dropEmptySettings();
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    const line = explain(error);
    if (line !== undefined) printError(line);
    return exitCodeOf(error);
  }
}

/** Treats empty variables as not set, because systemd and Compose often set variables to an empty value. */
function dropEmptySettings(): void {
  for (const [name, value] of Object.entries(process.env))
    if (name.startsWith('SKERRY_') && value === '') delete process.env[name];
}

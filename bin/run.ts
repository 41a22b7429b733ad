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

/** An empty variable counts as not set: systemd and Compose leave such variables behind. */
function dropEmptySettings(): void {
  for (const [name, value] of Object.entries(process.env))
    if (name.startsWith('SKERRY_') && value === '') delete process.env[name];
}

import { createProgram } from './program.ts';
import { printError } from './terminal/output.ts';
import { exitCodeOf, explain } from './terminal/report-error.ts';

// One that is empty is not set: systemd and Compose leave such behind.
for (const [name, value] of Object.entries(process.env))
  if (name.startsWith('SKERRY_') && value === '') delete process.env[name];

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const line = explain(error);
  if (line !== undefined) printError(line);
  process.exitCode = exitCodeOf(error);
}

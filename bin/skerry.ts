import { printError } from './output.ts';
import { createProgram } from './program.ts';
import { exitCodeOf, explain } from './report-error.ts';

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const line = explain(error);
  if (line !== undefined) printError(line);
  process.exitCode = exitCodeOf(error);
}

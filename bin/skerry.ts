import { createProgram } from './program.ts';
import { exitCodeOf, explain } from './report-error.ts';

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const line = explain(error);
  if (line !== undefined) process.stderr.write(`${line}\n`);
  process.exitCode = exitCodeOf(error);
}

import { join } from 'node:path';
import t from 'tap';
import { importTests } from '../helpers/import-tests.ts';

// On a busy machine.
t.setTimeout(600_000);

await importTests(join(import.meta.dirname, 'command-line'));

import { join } from 'node:path';
import t from 'tap';
import { importTests } from '../helpers/import-tests.ts';

// On a busy machine; together they load the modules of an origin once instead of eleven times.
t.setTimeout(600_000);

await importTests(join(import.meta.dirname, 'lone-origin'));

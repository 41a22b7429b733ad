import { join } from 'node:path';
import { importTests } from '../helpers/import-tests.ts';

await importTests(join(import.meta.dirname, 'watched-edges'));

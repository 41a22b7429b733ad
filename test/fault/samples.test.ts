import { join } from 'node:path';
import { importTests } from '../helpers/import-tests.ts';

// One round of scripts that need an origin and edges of their own, one after another.
await importTests(join(import.meta.dirname, 'samples'));

import module from 'node:module';
import { join } from 'node:path';

/** Types are stripped once for all runs, threads and processes of the tests, as in bin/launch.js. */
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/skerry');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

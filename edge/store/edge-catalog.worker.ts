import { workerData } from 'node:worker_threads';
import { serveCalls } from '../../shared/thread.ts';
import { openSqliteEdgeCatalog } from './sqlite-catalog.ts';

export default serveCalls(openSqliteEdgeCatalog((workerData as unknown as { file: string }).file));

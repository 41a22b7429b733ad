import { workerData } from 'node:worker_threads';
import { serveOpened } from '../../../shared/process/served-calls.ts';
import { openSqliteEdgeCatalog } from './sqlite-catalog.ts';

export default serveOpened(() => openSqliteEdgeCatalog((workerData as unknown as { file: string }).file));

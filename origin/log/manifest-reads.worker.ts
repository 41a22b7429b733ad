import { workerData } from 'node:worker_threads';
import { openObjectNames } from '../../shared/manifest/object-names.ts';
import { openForReading, statements } from '../../shared/sqlite/open.ts';
import { serveCalls } from '../../shared/thread.ts';
import { heldRevisionReaders } from './sqlite/held-revisions.ts';

const database = openForReading((workerData as unknown as { file: string }).file);
const calls = {
  ...heldRevisionReaders({ database, sql: statements(database) }),
  ...openObjectNames(database),
  close: () => database.close(),
};

export type ManifestReads = typeof calls;

export default serveCalls(calls);

import { workerData } from 'node:worker_threads';
import { openObjectNames } from '../../../shared/content/manifest/sqlite/object-names.ts';
import { serveOpened } from '../../../shared/process/served-calls.ts';
import { inSnapshots, openForReading, statements } from '../../../shared/sqlite/open.ts';
import { heldRevisionReaders } from './held-revisions.ts';

function open(file: string) {
  const database = openForReading(file);
  const readers = {
    ...heldRevisionReaders({ database, sql: statements(database) }),
    ...openObjectNames(database),
  };
  // Without a snapshot, retention could delete rows between two statements of a call.
  return { ...inSnapshots(database, readers), close: () => database.close() };
}

export type ManifestReadsCalls = ReturnType<typeof open>;

export default serveOpened(() => open((workerData as unknown as { file: string }).file));

import { workerData } from 'node:worker_threads';
import { openObjectNames } from '../../shared/manifest/object-names.ts';
import { openForReading, statements } from '../../shared/sqlite/open.ts';
import { serveOpened } from '../../shared/thread.ts';
import { heldRevisionReaders } from './sqlite/held-revisions.ts';

function open(file: string) {
  const database = openForReading(file);
  return {
    ...heldRevisionReaders({ database, sql: statements(database) }),
    ...openObjectNames(database),
    close: () => database.close(),
  };
}

export type ManifestReads = ReturnType<typeof open>;

export default serveOpened(() => open((workerData as unknown as { file: string }).file));

import type { DatabaseSync } from 'node:sqlite';
import { openAudit } from '../../../shared/content/manifest/sqlite/audit.ts';
import { openBucketReader } from '../../../shared/content/manifest/sqlite/buckets.ts';
import { openObjectNames } from '../../../shared/content/manifest/sqlite/object-names.ts';
import { openPruning } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { openDatabase, statements } from '../../../shared/sqlite/open.ts';
import type { EdgeCatalogCalls } from '../catalog.ts';
import { aheadCalls } from './ahead.ts';
import { aliasCalls } from './aliases.ts';
import { chainCalls } from './chain.ts';
import { lazyCalls } from './lazy.ts';
import { statementCalls } from './outbox.ts';
import { purgeCalls } from './purges.ts';
import { noteRemovals, removalCalls } from './removals.ts';
import { migrations } from './schema.ts';
import { siteCalls } from './sites.ts';
import { stagedCalls } from './staged.ts';

export function openSqliteEdgeCatalog(file: string): EdgeCatalogCalls {
  return sqliteEdgeCalls(openDatabase(file, migrations));
}

/** The catalog over a database that has all its tables. */
export function sqliteEdgeCalls(database: DatabaseSync): EdgeCatalogCalls {
  const sql = statements(database);
  return {
    ...openManifestReader(database),
    ...openBucketReader(database),
    ...openAudit(database),
    ...openObjectNames(database),
    ...openStaging(database, (digests) => noteRemovals(sql, digests)),
    ...openPruning(database, (digests) => noteRemovals(sql, digests)),
    ...removalCalls(sql),
    ...aheadCalls(database, sql),
    ...lazyCalls(sql),
    ...chainCalls(database, sql),
    ...siteCalls(database, sql),
    ...aliasCalls(database, sql),
    ...stagedCalls(database, sql),
    ...statementCalls(database, sql),
    ...purgeCalls(database, sql),
    close: () => database.close(),
  };
}

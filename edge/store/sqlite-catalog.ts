import { openAudit } from '../../shared/manifest/audit.ts';
import { openBucketReader } from '../../shared/manifest/buckets.ts';
import { openObjectNames } from '../../shared/manifest/object-names.ts';
import { openPruning } from '../../shared/manifest/pruning.ts';
import { openManifestReader } from '../../shared/manifest/reading.ts';
import { openStaging } from '../../shared/manifest/staging.ts';
import { openDatabase, statements } from '../../shared/sqlite/open.ts';
import type { EdgeCatalogCalls } from './catalog.ts';
import { migrations } from './schema.ts';
import { chainCalls } from './sqlite/chain.ts';
import { lazyCalls } from './sqlite/lazy.ts';
import { purgeCalls } from './sqlite/purges.ts';
import { receiptCalls } from './sqlite/receipts.ts';
import { noteRemovals, removalCalls } from './sqlite/removals.ts';
import { siteCalls } from './sqlite/sites.ts';
import { stagedCalls } from './sqlite/staged.ts';

export function openSqliteEdgeCatalog(file: string): EdgeCatalogCalls {
  const database = openDatabase(file, migrations);
  const sql = statements(database);
  return {
    ...openManifestReader(database),
    ...openBucketReader(database),
    ...openAudit(database),
    ...openObjectNames(database),
    ...openStaging(database, (digests) => noteRemovals(sql, digests)),
    ...openPruning(database, (digests) => noteRemovals(sql, digests)),
    ...removalCalls(sql),
    ...lazyCalls(sql),
    ...chainCalls(database, sql),
    ...siteCalls(database, sql),
    ...stagedCalls(database, sql),
    ...receiptCalls(database, sql),
    ...purgeCalls(database, sql),
    close: () => database.close(),
  };
}

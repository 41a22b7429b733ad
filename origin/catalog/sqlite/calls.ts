import type { DatabaseSync } from 'node:sqlite';
import { openObjectNames } from '../../../shared/content/manifest/sqlite/object-names.ts';
import type { CatalogCalls } from '../catalog.ts';
import type { RecordSigner } from '../record-signer.ts';
import { aliasCalls } from './aliases.ts';
import { bucketWriter } from './bucket-writer.ts';
import { bucketCalls } from './buckets.ts';
import { contentReads } from './content.ts';
import { catalogContext } from './context.ts';
import { damageCalls } from './damage.ts';
import { deployCalls } from './deploys.ts';
import { eventCalls } from './events.ts';
import { evidenceCalls } from './evidence.ts';
import { fleetCalls } from './fleet.ts';
import { heldRevisionReaders } from './held-revisions.ts';
import { lagReads } from './lag.ts';
import { logCalls } from './log.ts';
import { openLogWriter } from './log-writer.ts';
import { multipartCalls } from './multiparts.ts';
import { objectCalls } from './objects.ts';
import { publishCalls } from './publishing.ts';
import { purgeCalls } from './purges.ts';
import { retentionCalls } from './retention.ts';
import { revisionReads } from './revisions.ts';
import { rolloutCalls } from './rollouts.ts';
import { siteCalls } from './sites.ts';
import { stagingCalls } from './staging.ts';
import { taskCalls } from './tasks.ts';
import { tokenCalls } from './tokens.ts';
import { webhookCalls } from './webhooks.ts';

/** The catalog over a database that has all its tables, in the calling thread. */
export function sqliteCalls(database: DatabaseSync, signer: RecordSigner): CatalogCalls {
  const context = catalogContext(database, openLogWriter(database, signer));
  const objects = bucketWriter(context);
  return {
    ...heldRevisionReaders(context),
    ...contentReads(context),
    ...openObjectNames(database),
    ...logCalls(context),
    ...siteCalls(context, objects),
    ...revisionReads(context),
    ...lagReads(context),
    ...stagingCalls(context),
    ...publishCalls(context),
    ...aliasCalls(context),
    ...rolloutCalls(context),
    ...objectCalls(context),
    ...damageCalls(context),
    ...deployCalls(context),
    ...bucketCalls(context, objects),
    ...multipartCalls(context, objects),
    ...tokenCalls(context),
    ...fleetCalls(context),
    ...purgeCalls(context),
    ...evidenceCalls(context),
    ...eventCalls(context),
    ...webhookCalls(context),
    ...retentionCalls(context),
    ...taskCalls(context),
    close: () => database.close(),
  };
}

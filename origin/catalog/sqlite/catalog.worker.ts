import { workerData } from 'node:worker_threads';
import { openObjectNames } from '../../../shared/content/manifest/sqlite/object-names.ts';
import { serveOpened } from '../../../shared/process/thread.ts';
import { signingKeyFromPem } from '../../../shared/signing/keys.ts';
import { openDatabase } from '../../../shared/sqlite/open.ts';
import { openLogWriter } from './append.ts';
import { catalogContext } from './context.ts';
import { deployCalls } from './deploys.ts';
import { fleetCalls } from './fleet.ts';
import { heldRevisionReaders } from './held-revisions.ts';
import { logCalls } from './log.ts';
import { objectCalls } from './objects.ts';
import { purgeCalls } from './purges.ts';
import { retentionCalls } from './retention.ts';
import { revisionCalls } from './revisions.ts';
import { migrations } from './schema.ts';
import { siteCalls } from './sites.ts';
import { tokenCalls } from './tokens.ts';

export interface CatalogWorkerData {
  readonly file: string;
  /** The signing key in PKCS #8 PEM: numbering, chaining and signing happen where the transaction is. */
  readonly key: string;
}

const { file, key } = workerData as unknown as CatalogWorkerData;

export default serveOpened(() => {
  const database = openDatabase(file, migrations);
  const context = catalogContext(database, openLogWriter(database, signingKeyFromPem(key)));
  return {
    ...heldRevisionReaders(context),
    ...openObjectNames(database),
    ...logCalls(context),
    ...siteCalls(context),
    ...revisionCalls(context),
    ...objectCalls(context),
    ...deployCalls(context),
    ...tokenCalls(context),
    ...fleetCalls(context),
    ...purgeCalls(context),
    ...retentionCalls(context),
  };
});

import { workerData } from 'node:worker_threads';
import { signingKeyFromPem } from '../../shared/keys.ts';
import { openObjectNames } from '../../shared/manifest/object-names.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';
import { serveOpened } from '../../shared/thread.ts';
import { openLogWriter } from './sqlite/append.ts';
import { catalogContext } from './sqlite/context.ts';
import { deployCalls } from './sqlite/deploys.ts';
import { fleetCalls } from './sqlite/fleet.ts';
import { heldRevisionReaders } from './sqlite/held-revisions.ts';
import { logCalls } from './sqlite/log.ts';
import { objectCalls } from './sqlite/objects.ts';
import { purgeCalls } from './sqlite/purges.ts';
import { retentionCalls } from './sqlite/retention.ts';
import { revisionCalls } from './sqlite/revisions.ts';
import { migrations } from './sqlite/schema.ts';
import { siteCalls } from './sqlite/sites.ts';
import { tokenCalls } from './sqlite/tokens.ts';

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

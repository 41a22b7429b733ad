import { workerData } from 'node:worker_threads';
import { serveOpened } from '../../../shared/process/served-calls.ts';
import { signingKeyFromPem } from '../../../shared/signing/keys.ts';
import { openDatabase } from '../../../shared/sqlite/open.ts';
import { signerWith } from '../record-signer.ts';
import { sqliteCalls } from './calls.ts';
import { migrations } from './schema.ts';

export interface CatalogWorkerData {
  readonly file: string;
  /** The signing key in PKCS #8 PEM. Records are numbered, chained and signed in the thread of the transaction. */
  readonly key: string;
}

const { file, key } = workerData as unknown as CatalogWorkerData;

export default serveOpened(() =>
  sqliteCalls(openDatabase(file, migrations), signerWith(signingKeyFromPem(key))),
);

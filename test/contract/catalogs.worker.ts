import { signerWith } from '../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../origin/catalog/sqlite/schema.ts';
import { serveCalls } from '../../shared/process/served-calls.ts';
import { signingKeyFromPem } from '../../shared/signing/keys.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';

const opened = new Map<number, object>();

/** Catalogs, one after another in one thread: to start a thread for each takes longer than what is done with it. */
const catalogs = {
  open(id: number, file: string, key: string): void {
    const database = openDatabase(file, migrations);
    opened.set(id, sqliteCalls(database, signerWith(signingKeyFromPem(key))));
  },
  call(id: number, method: string, args: readonly unknown[]): unknown {
    const catalog = opened.get(id);
    const call: unknown = catalog && Reflect.get(catalog, method);
    if (typeof call !== 'function') throw new TypeError(`no method ${method}`);
    return Reflect.apply(call, catalog, args);
  },
};

export type HostedCatalogs = typeof catalogs;
export default serveCalls(catalogs);

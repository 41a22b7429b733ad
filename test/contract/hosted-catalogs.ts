import t from 'tap';
import type { Catalog } from '../../origin/catalog/catalog.ts';
import { inTurns } from '../../origin/catalog/catalog-turns.ts';
import { moduleUrl } from '../../shared/process/module-url.ts';
import { startThreads } from '../../shared/process/thread.ts';
import { type SigningKey, signingKeyToPem } from '../../shared/signing/keys.ts';
import { catalogFile } from './catalog-file.ts';
import type { HostedCatalogs } from './catalogs.worker.ts';

const module = moduleUrl('./catalogs.worker', import.meta.url);
const { remote, close } = startThreads<HostedCatalogs>(module, 1, undefined);
t.teardown(() => close());
let count = 0;

/** A place for catalogs that differ from those of an origin in one thing: they share a thread. */
export async function hostedPlace() {
  const file = catalogFile();
  return {
    async open(key: SigningKey) {
      const id = count++;
      await remote.open(id, file, signingKeyToPem(key));
      const calls = new Proxy({} as Catalog, {
        get:
          (_target, method) =>
          (...args: unknown[]) =>
            remote.call(id, String(method), args),
      });
      const turns = inTurns(calls);
      return {
        catalog: turns.catalog,
        async close() {
          turns.close();
          await calls.close();
        },
      };
    },
  };
}

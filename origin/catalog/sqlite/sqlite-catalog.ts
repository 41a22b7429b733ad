import { moduleUrl } from '../../../shared/process/module-url.ts';
import { type Remote, STAYS, startThreads } from '../../../shared/process/thread.ts';
import type { Catalog } from '../catalog.ts';
import { inTurns } from '../catalog-turns.ts';
import type { OpenManifestReads } from '../manifest-reads.ts';
import type { CatalogWorkerData } from './catalog.worker.ts';
import type { ForecastCalls } from './forecast.worker.ts';
import type { ManifestReadsCalls } from './manifest-reads.worker.ts';

export interface OpenCatalog {
  readonly catalog: Catalog;
  close(): Promise<void>;
}

/** The embedded catalog: one SQLite file, one thread that reads and writes it, a call of each caller in turn. */
export function openSqliteCatalog(data: CatalogWorkerData): OpenCatalog {
  const thread = startThreads(moduleUrl('./catalog.worker', import.meta.url), 1, data, STAYS);
  const all = thread.remote as unknown as Catalog;
  const { catalog, close } = inTurns(all);
  return {
    catalog: withForecast(catalog, data.file),
    async close() {
      close();
      await all.close();
      await thread.close();
    },
  };
}

/** A forecast may take long: it is read by a thread of its own, and takes no turn. */
function withForecast(catalog: Catalog, file: string): Catalog {
  const forecast: Remote<ForecastCalls>['forecast'] = async (going, limits) => {
    const reader = startThreads<ForecastCalls>(moduleUrl('./forecast.worker', import.meta.url), 1, { file });
    try {
      return await reader.remote.forecast(going, limits);
    } finally {
      await reader.close();
    }
  };
  return new Proxy(catalog, {
    get: (target, method) => (method === 'forecast' ? forecast : Reflect.get(target, method)),
  });
}

/** Beside the catalog, which has to be there already. */
export function openManifestReads(file: string): OpenManifestReads {
  const { remote, close } = startThreads<ManifestReadsCalls>(
    moduleUrl('./manifest-reads.worker', import.meta.url),
    1,
    { file },
  );
  return {
    manifests: remote,
    async close() {
      await remote.close();
      await close();
    },
  };
}

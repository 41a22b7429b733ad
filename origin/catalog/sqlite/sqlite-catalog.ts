import { moduleUrl } from '../../../shared/process/module-url.ts';
import { type Remote, STAYS, startThreads } from '../../../shared/process/thread.ts';
import type { Catalog, OpenCatalog } from '../catalog.ts';
import type { OpenManifestReads } from '../manifest-reads.ts';
import type { CatalogWorkerData } from './catalog.worker.ts';
import type { ForecastCalls } from './forecast.worker.ts';
import type { ManifestReadsCalls } from './manifest-reads.worker.ts';

/** The embedded catalog: one SQLite file, which one thread reads and writes call by call. */
export function openSqliteCatalog(data: CatalogWorkerData): OpenCatalog {
  const thread = startThreads(moduleUrl('./catalog.worker', import.meta.url), 1, data, STAYS);
  const catalog = thread.remote as unknown as Catalog;
  return {
    catalog: withForecast(catalog, data.file),
    async close() {
      await catalog.close();
      await thread.close();
    },
  };
}

/** A forecast may take long, so a separate thread reads it. */
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

/** Opens a second reader of the catalog's file, which must exist. */
export function openManifestReads(file: string): OpenManifestReads {
  const { remote, close } = startThreads<ManifestReadsCalls>(
    moduleUrl('./manifest-reads.worker', import.meta.url),
    1,
    { file },
    STAYS,
  );
  return {
    manifests: remote,
    async close() {
      await remote.close();
      await close();
    },
  };
}

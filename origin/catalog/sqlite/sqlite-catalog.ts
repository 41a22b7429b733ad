import { moduleUrl } from '../../../shared/process/module-url.ts';
import { startThreads, type Thread } from '../../../shared/process/thread.ts';
import type { Catalog } from '../catalog.ts';
import { inTurns } from '../catalog-turns.ts';
import type { Forecast } from '../retention-calls.ts';
import type { CatalogWorkerData } from './catalog.worker.ts';
import type { ForecastCalls } from './forecast.worker.ts';
import type { ManifestReads } from './manifest-reads.worker.ts';

export interface OpenCatalog {
  readonly catalog: Catalog;
  /** What retention would take away now. It may take long, so a thread of its own reads beside the catalog. */
  forecast(time: number): Promise<Forecast>;
  close(): Promise<void>;
}

/** The embedded catalog: one SQLite file, one thread that reads and writes it, a call of each caller in turn. */
export function openSqliteCatalog(data: CatalogWorkerData): OpenCatalog {
  const thread = startThreads(moduleUrl('./catalog.worker', import.meta.url), 1, data);
  const all = thread.remote as unknown as Catalog;
  const { catalog, close } = inTurns(all);
  return {
    catalog,
    async forecast(time) {
      const reader = startThreads<ForecastCalls>(moduleUrl('./forecast.worker', import.meta.url), 1, {
        file: data.file,
      });
      try {
        return await reader.remote.forecast(time);
      } finally {
        await reader.close();
      }
    },
    async close() {
      close();
      await all.close();
      await thread.close();
    },
  };
}

/** What followers read of manifests, beside the catalog that has to be there already: they hold up no commit. */
export function openManifestReads(file: string): Thread<ManifestReads> {
  return startThreads<ManifestReads>(moduleUrl('./manifest-reads.worker', import.meta.url), 1, { file });
}

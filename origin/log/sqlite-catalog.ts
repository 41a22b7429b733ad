import { moduleUrl } from '../../shared/module-url.ts';
import { startThreads } from '../../shared/thread.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogWorkerData } from './catalog.worker.ts';

export interface OpenCatalog {
  readonly catalog: Catalog;
  close(): Promise<void>;
}

/** The embedded catalog: one SQLite file, one thread that reads and writes it in the order of the calls. */
export function openSqliteCatalog(data: CatalogWorkerData): OpenCatalog {
  const thread = startThreads(moduleUrl('./catalog.worker', import.meta.url), 1, data);
  const catalog = thread.remote as unknown as Catalog;
  return {
    catalog,
    async close() {
      await catalog.close();
      await thread.close();
    },
  };
}

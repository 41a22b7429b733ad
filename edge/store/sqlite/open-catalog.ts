import { moduleUrl } from '../../../shared/process/module-url.ts';
import { STAYS, startThreads } from '../../../shared/process/thread.ts';
import type { EdgeCatalog } from '../catalog.ts';

/** Starts the thread that writes the edge's catalog. Serving processes read the same file at the same time. */
export function openEdgeCatalog(file: string): { catalog: EdgeCatalog; close(): Promise<void> } {
  const thread = startThreads(moduleUrl('./edge-catalog.worker', import.meta.url), 1, { file }, STAYS);
  const catalog = thread.remote as unknown as EdgeCatalog;
  return {
    catalog,
    async close() {
      await catalog.close();
      await thread.close();
    },
  };
}

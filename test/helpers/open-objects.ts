import { readdir, readlink } from 'node:fs/promises';
import type { Node } from './cluster.ts';
import { childrenOf } from './process-tree.ts';

/** How many object files, complete or partial, the processes of an edge have open. */
export async function openObjects({ running }: Node): Promise<number> {
  const pid = running?.pid ?? 0;
  const found = await Promise.all(
    [pid, ...(await childrenOf(pid))].map(async (each) => {
      const names = await readdir(`/proc/${each}/fd`);
      const links = await Promise.all(names.map((fd) => readlink(`/proc/${each}/fd/${fd}`).catch(() => '')));
      return links.filter((file) => /objects\/(large|drafts)\//.test(file)).length;
    }),
  );
  return found.reduce((sum, count) => sum + count, 0);
}

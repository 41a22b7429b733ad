import { read, sha256 } from './http.ts';
import { digestsOf } from './tree.ts';

const AT_ONCE = 16;

/**
 * Reads every path from the edge. Resolves with the paths that the edge does not answer with exactly the folder's
 * bytes.
 */
export async function differences(edge: string, site: string, folder: string): Promise<string[]> {
  const wrong: string[] = [];
  await forEach([...(await digestsOf(folder))], async ([path, digest]) => {
    const { status, body } = await read(edge, site, path);
    if (status !== 200 || sha256(body) !== digest) wrong.push(`${path}: ${status}`);
  });
  return wrong;
}

/** The paths of `before` that `after` lacks and that the edge does not answer with 404. */
export async function remains(edge: string, site: string, before: string, after: string): Promise<string[]> {
  const kept = await digestsOf(after);
  const wrong: string[] = [];
  await forEach([...(await digestsOf(before)).keys()], async (path) => {
    if (kept.has(path)) return;
    const { status } = await read(edge, site, path);
    if (status !== 404) wrong.push(`${path}: ${status}`);
  });
  return wrong;
}

async function forEach<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of waiting) await each(item);
    }),
  );
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../helpers/cluster.ts';
import { ask, read, sha256, urlPath } from '../helpers/http.ts';

export interface Read {
  readonly node: string;
  readonly path: string;
  /** When the request was sent, by `performance.now()`. */
  readonly began: number;
  /** An answer of 200 with other bytes than the published ones. */
  readonly isWrong: boolean;
}

interface Published {
  readonly site: string;
  readonly path: string;
  readonly digest: string;
}

interface ReadPlan {
  readonly paths: readonly Published[];
  readonly betweenReadsMs: number;
}

/** Reads every path from each edge and from the origin, again and again, until the signal aborts. */
export async function readAlways(
  cluster: Cluster,
  { paths, betweenReadsMs }: ReadPlan,
  reads: Read[],
  signal: AbortSignal,
): Promise<void> {
  const { origin, edges, token } = cluster;
  const headers = { authorization: `Bearer ${token}` };
  const places = [
    {
      node: 'origin',
      get: ({ site, path }: Published) =>
        ask(origin.url, `/v1/sites/${site}/files${urlPath(path)}`, { headers }),
    },
    ...edges.map(({ name, url }) => ({
      node: name,
      get: ({ site, path }: Published) => read(url, site, path),
    })),
  ];
  await Promise.all(
    places.map(async ({ node, get }) => {
      for (let i = 0; !signal.aborted; i++) {
        const one = paths[i % paths.length];
        if (one === undefined) throw new Error('nothing to read');
        const began = performance.now();
        // An answer that breaks off is no wrong answer.
        const answer = await get(one).catch(() => undefined);
        const isWrong = answer?.status === 200 && sha256(answer.body) !== one.digest;
        reads.push({ node, path: `${one.site}/${one.path}`, began, isWrong });
        await pause(betweenReadsMs);
      }
    }),
  );
}

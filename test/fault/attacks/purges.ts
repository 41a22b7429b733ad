import { join } from 'node:path';
import { schema } from '../../../shared/json/schema.ts';
import { purgeSchema } from '../../../shared/wire/api.ts';
import type { Cluster } from '../../helpers/cluster.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { ask, read } from '../../helpers/http.ts';
import { peakBytes } from '../../helpers/peak-memory.ts';
import { childrenOf } from '../../helpers/process-tree.ts';
import { start } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';

const purges = schema(purgeSchema);
const QUIET = 'quiet';

export interface PurgeAttack {
  /** How many sites' publishers attack. Each has a token for its own site only. */
  readonly sites: number;
  /** How many purges of the largest size each publisher sends at once. */
  readonly purges: number;
}

export interface PurgeAttackOutcome {
  readonly taken: number;
  /** Purges that got 429. */
  readonly refused: number;
  /** The status of a purge of one megabyte. */
  readonly tooLarge: number;
  /** The peak resident memory of the processes of each role, in bytes. */
  readonly peaks: { readonly origin: number; readonly edge: number; readonly joined: number };
  /** The longest time until readers saw a change of another site. */
  readonly longestMs: number;
}

/**
 * Publishers send as many purges as they can, while an edge joins and another site is published. Resolves when all
 * edges have carried out the accepted purges. Throws when something does not progress. The cluster needs at least one
 * edge.
 */
export async function attackWithPurges(
  cluster: Cluster,
  { sites, purges: each }: PurgeAttack,
): Promise<PurgeAttackOutcome> {
  const { origin, client } = cluster;
  const [edge] = cluster.edges;
  if (edge?.running === undefined || origin.running === undefined)
    throw new Error('the cluster does not run');
  const call = (token: string, method: string, path: string, body: string, type = 'application/json') =>
    ask(origin.url, path, {
      method,
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
    });

  const attackers = await Promise.all(
    Array.from({ length: sites }, async (_, i) => {
      const site = `evil-${i}`;
      const { token } = await client.createToken({ scope: `publish:${site}` });
      await call(token, 'PUT', `/v1/sites/${site}`, '{}');
      await call(token, 'PUT', `/v1/sites/${site}/files/a.txt`, 'a', 'text/plain');
      const purge = (bytes: number, nth: number) =>
        call(token, 'POST', `/v1/sites/${site}/purge`, JSON.stringify({ paths: paths(bytes, nth) }));
      return { site, purge };
    }),
  );
  await call(cluster.token, 'PUT', `/v1/sites/${QUIET}`, '{}');

  const largest = await attackers[0]?.purge(990_000, 0);
  const tooLarge = largest?.status ?? 0;
  let isOver = false;
  const joining = joinEdge(cluster);
  const publishing = publishMeanwhile();
  try {
    const answers = (
      await Promise.all(
        attackers.map(async ({ site, purge }) => {
          const answered = await Promise.all(Array.from({ length: each }, (_, i) => purge(63_000, i)));
          return answered.map(({ status, body }) => ({ site, status, body: body.toString() }));
        }),
      )
    ).flat();
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    if (taken.length + refused.length !== answers.length)
      throw new Error(`answered ${answers.map(({ status }) => status).join()}`);

    const joined = await joining;
    const names = [...cluster.edges.filter(({ running }) => running).map(({ name }) => name), joined.name];
    for (const { site, body } of taken) {
      const { seq } = purges.parseText(body);
      await until(`receipts for the purge ${seq}`, async () => {
        const answer = await call(cluster.token, 'GET', `/v1/sites/${site}/purges/${seq}`, '');
        const signers = purges.parseText(answer.body.toString()).receipts.map(({ edge: name }) => name);
        return names.every((name) => signers.includes(name));
      });
    }
    // At a start, the edge reads the purges that it keeps.
    const before = await peakOfTree(edge.running.pid);
    await edge.stop('SIGKILL');
    await edge.start();
    await until('the edge to serve again', async () => (await quiet(edge.url)) !== undefined);
    isOver = true;
    const longestMs = await publishing;
    return {
      taken: taken.length,
      refused: refused.length,
      tooLarge,
      peaks: {
        origin: await peakOfTree(origin.running.pid),
        edge: Math.max(before, await peakOfTree(edge.running.pid)),
        joined: await peakOfTree(joined.running.pid),
      },
      longestMs,
    };
  } finally {
    isOver = true;
    await publishing.catch(() => {});
    await (await joining).running.stop();
  }

  /** Publishes the quiet site again and again. Returns the longest time that its readers waited. */
  async function publishMeanwhile(): Promise<number> {
    let longest = 0;
    for (let i = 1; !isOver; i++) {
      const began = performance.now();
      await call(cluster.token, 'PUT', `/v1/sites/${QUIET}/files/a.txt`, String(i), 'text/plain');
      const isSeen = async () => isOver || (await quiet(edge?.url ?? '').catch(() => '')) === String(i);
      await until(`change ${i} of another site`, isSeen);
      if (!isOver) longest = Math.max(longest, performance.now() - began);
    }
    return longest;
  }
}

async function quiet(url: string): Promise<string | undefined> {
  const { status, body } = await read(url, QUIET, 'a.txt');
  return status === 200 ? body.toString() : undefined;
}

/** Each purge has its own paths, so that no purge replaces another. */
function paths(bytes: number, nth: number): string[] {
  const name = (i: number) => `${nth}-${i}-`.padEnd(250, 'x');
  return Array.from({ length: Math.floor(bytes / 1009) }, (_, i) => Array(4).fill(name(i)).join('/'));
}

async function joinEdge(cluster: Cluster) {
  const name = 'joins-meanwhile';
  const { token } = await cluster.client.createToken({ scope: 'join', edge: name });
  const [port = 0, adminPort = 0] = await freePorts(2);
  const running = await start(
    [
      ...['edge', '--data', join(cluster.folder, name), '--origin', cluster.origin.url, '--join', token],
      ...['--name', name, '--region', 'r', '--port', String(port), '--admin-port', String(adminPort)],
      ...['--processes', '1'],
    ],
    /(listens|serves) on \S+/,
  );
  return { name, running };
}

async function peakOfTree(pid: number): Promise<number> {
  let sum = await peakBytes(pid);
  for (const child of await childrenOf(pid)) sum += await peakOfTree(child);
  return sum;
}

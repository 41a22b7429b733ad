import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { publishFolder } from '../../origin/client/folder/publish-folder.ts';
import {
  beginMigration,
  dropStore,
  migrationEnd,
  migrationStatus,
  verifyStore,
} from '../../origin/client/store-calls.ts';
import { systemClock } from '../../shared/clock.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { type Cluster, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { sha256 } from '../helpers/http.ts';
import { random } from '../helpers/random.ts';
import { packageFolder, writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SITE = 'site';
const PACKAGE = 'package';
const FILES = 40;
/** The origin is killed at most this long after its start. */
const LATEST_KILL_MS = 4000;

export interface Migrated {
  readonly publishes: number;
  readonly failedPublishes: number;
  readonly kills: number;
  /** Everything that must not happen and did, in words. */
  readonly faults: string[];
}

/**
 * Moves the objects of an origin to each of the stores in turn, while a publisher publishes and the origin is killed
 * with -9, `kills` times in all. Afterwards the origin reads all objects, and each acknowledged revision is compared
 * with what was published.
 */
export async function migrateRounds(
  stores: readonly string[],
  kills: number,
  seed: number,
  tell: (line: string) => void,
): Promise<Migrated> {
  const dice = random(seed);
  const cluster = await startCluster({ edges: 1, within: ON_DISK });
  const hashThreads = startHashThreads(1);
  const stop = new AbortController();
  const { signal } = stop;
  const faults: string[] = [];
  const acknowledged = new Map<number, ReadonlyMap<string, string>>();
  const counts = { publishes: 0, failedPublishes: 0, kills: 0 };
  const folder = join(cluster.folder, 'tree');

  async function publish(generation: number): Promise<void> {
    const tree = treeOf(generation);
    await writeTree(folder, tree);
    const parts = { client: cluster.client, hashThreads, progress: () => {}, signal };
    const { commit } = await publishFolder({ ...parts, site: SITE, commit: {} }, folder);
    acknowledged.set(
      commit.revision,
      new Map(Object.entries(tree).map(([path, content]) => [path, sha256(Buffer.from(content))])),
    );
    counts.publishes++;
  }

  /** Publishes again and again. A publish that a kill has broken off is made again. */
  async function publisher(until: AbortSignal): Promise<void> {
    for (let generation = 1; !until.aborted; generation++) {
      while (!until.aborted) {
        try {
          await publish(generation);
          break;
        } catch {
          counts.failedPublishes++;
          await pause(100);
        }
      }
    }
  }

  /** The move goes on by itself after each kill. */
  async function move(to: string, most: number): Promise<void> {
    const began = performance.now();
    const before = { ...counts };
    await beginMigration(cluster.client, to);
    for (let i = 0; i < most; i++) {
      const moment = dice.below(LATEST_KILL_MS);
      await pause(moment);
      const { progress } = await migrationStatus(cluster.client);
      await cluster.origin.stop('SIGKILL');
      await cluster.origin.start();
      counts.kills++;
      tell(`  killed after ${moment} ms and ${progress?.objects ?? 'all'} objects`);
    }
    const { store } = await migrationEnd(cluster.client, () => {}, { clock: systemClock, signal });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (store !== to) faults.push(`the objects are in ${store}, not in ${to}`);
    const made = counts.publishes - before.publishes;
    tell(`moved to ${to} in ${seconds} s: ${counts.kills - before.kills} kills, ${made} publishes meanwhile`);
    await dropStore(cluster.client, 'kept');
    await migrationEnd(cluster.client, () => {}, { clock: systemClock, signal });
  }

  try {
    await cluster.client.putSite(PACKAGE);
    await cluster.client.putSite(SITE, { policy: { retention: { revisions: 10_000, days: 7 } } });
    const parts = { client: cluster.client, hashThreads, progress: () => {}, signal };
    await publishFolder({ ...parts, site: PACKAGE, commit: {} }, packageFolder('three-a'));
    await publish(0);
    const end = new AbortController();
    const publishing = publisher(end.signal);
    const share = Math.ceil(kills / stores.length);
    for (const [i, store] of stores.entries()) await move(store, Math.min(share, kills - i * share));
    end.abort();
    await publishing;
    await publish(-1);
    faults.push(...(await judge(cluster, acknowledged, folder)));
    return { ...counts, faults };
  } finally {
    stop.abort();
    await hashThreads.close();
    await cluster.close();
  }
}

async function judge(
  cluster: Cluster,
  acknowledged: ReadonlyMap<number, ReadonlyMap<string, string>>,
  folder: string,
): Promise<string[]> {
  const faults: string[] = [];
  const { signal } = new AbortController();
  const { damaged, pass } = await verifyStore(cluster.client, { clock: systemClock, signal });
  if (damaged > 0 || pass?.damaged !== 0) faults.push(`${damaged} objects are lost or damaged`);
  for (const [revision, files] of acknowledged) {
    const found = new Map<string, string>();
    for await (const { path, digest } of cluster.client.manifest(SITE, revision)) found.set(path, digest);
    for (const [path, digest] of files)
      if (found.get(path) !== digest) faults.push(`revision ${revision} has ${path} as ${found.get(path)}`);
  }
  await cluster.converged(SITE);
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('a cluster of one edge has one');
  for (const wrong of await differences(edge.url, SITE, folder)) faults.push(`the edge has ${wrong}`);
  const first = Math.min(...acknowledged.keys());
  await cluster.client.rollback(SITE, { to: first });
  await until('the edge to show the first revision', async () => {
    const shown = (await cluster.client.edges())[0]?.sites[SITE]?.revision ?? 0;
    return shown > Math.max(...acknowledged.keys());
  });
  await writeTree(folder, treeOf(0));
  for (const wrong of await differences(edge.url, SITE, folder))
    if (!wrong.startsWith('big.bin')) faults.push(`after the rollback, the edge has ${wrong}`);
  return faults;
}

function treeOf(generation: number): Record<string, string | Buffer> {
  const files: Record<string, string | Buffer> = {};
  for (let i = 0; i < FILES; i++) files[`files/${i}.txt`] = `generation ${generation} file ${i}`;
  files['big.bin'] = randomBytes(2_000_000);
  return files;
}

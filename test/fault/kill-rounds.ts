import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { publishFolder } from '../../origin/client/folder/publish-folder.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { type Cluster, type Node, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { type Answer, ask, read, sha256 } from '../helpers/http.ts';
import { random } from '../helpers/random.ts';
import { writeTree } from '../helpers/tree.ts';
import { TasksBeside } from './cluster-tasks.ts';

const SITE = 'site';
const FILES = 30;
const LATEST_KILL_MS = 400;

/** One answer of an edge, as a reader saw it. */
interface Seen {
  readonly edge: string;
  readonly revision: number;
  readonly path: string;
  readonly digest: string;
}

export interface Outcome {
  readonly rounds: number;
  readonly answers: number;
  readonly acknowledged: number;
  readonly tasks: number;
  /** Everything that must not happen and did, in words. Empty when all is well. */
  readonly faults: string[];
}

/**
 * Publishes while readers poll every edge. In each round, it kills an edge or the origin with -9 at a random moment,
 * starts it again and waits until all edges show the newest tree. Afterwards it compares each answer that a reader got
 * with the manifest of the revision that the answer named, and looks for each acknowledged revision. Tasks are handed
 * out all the while; `patienceMs` is how long those that have not ended are waited for.
 */
export async function killRounds(
  rounds: number,
  seed: number,
  tell: (line: string) => void,
  { betweenReadsMs = BETWEEN_READS_MS, patienceMs = 90_000 } = {},
): Promise<Outcome> {
  const dice = random(seed);
  const cluster = await startCluster({
    edges: 2,
    within: ON_DISK,
    args: (index) => ['--processes', index === 0 ? '2' : '1'],
  });
  const hashThreads = startHashThreads(1);
  const stop = new AbortController();
  const tasks = new TasksBeside(cluster, { site: SITE, deadlineSeconds: 60, patienceMs }, random(seed + 1));
  const faults: string[] = [];
  const seen: Seen[] = [];
  const acknowledged = new Map<number, string>();
  const folder = join(cluster.folder, 'tree');

  const publish = async (generation: number) => {
    const { commit } = await publishFolder(
      {
        client: cluster.client,
        hashThreads,
        site: SITE,
        commit: {},
        progress: () => {},
        signal: stop.signal,
      },
      folder,
    );
    acknowledged.set(commit.revision, sha256(marker(generation)));
  };

  try {
    await cluster.client.putSite(SITE);
    await writeTree(folder, treeOf(0));
    await publish(0);
    await cluster.converged(SITE);
    const readers = cluster.edges.map((edge) => poll(edge, seen, faults, betweenReadsMs, stop.signal));
    const isOriginFirst = dice.below(2) === 0;

    for (let round = 1; round <= rounds; round++) {
      await writeTree(folder, treeOf(round));
      // They take turns, so that even a few rounds kill both.
      const victim = (round % 2 === 1) === isOriginFirst ? cluster.origin : dice.pick(cluster.edges);
      const moment = dice.below(LATEST_KILL_MS);
      const publishing = Promise.allSettled([publish(round), ...putAtOnce(cluster, round)]);
      const handedOut = Promise.all([tasks.step(), tasks.step()]);
      await pause(moment);
      await victim.stop('SIGKILL');
      await victim.start();
      const [published] = await publishing;
      await handedOut;
      if (published?.status === 'rejected') await publish(round);
      await cluster.converged(SITE);
      for (const edge of cluster.edges) {
        // Single files were put beside the tree, so only the folder's files are compared.
        for (const wrong of await differences(edge.url, SITE, folder)) {
          faults.push(`round ${round}: ${edge.name} after ${victim.name} was killed: ${wrong}`);
        }
      }
      const how = published?.status === 'fulfilled' ? 'acknowledged' : 'broken off, repeated';
      tell(`round ${round}: ${victim.name} killed after ${moment} ms, publish ${how}`);
    }
    stop.abort();
    await Promise.all(readers);
    faults.push(...(await judge(cluster, seen, acknowledged)), ...(await tasks.judge()));
    return {
      ...{ rounds, answers: seen.length, acknowledged: acknowledged.size, tasks: tasks.ids.length },
      faults,
    };
  } finally {
    stop.abort();
    await tasks.close();
    await hashThreads.close();
    await cluster.close();
  }
}

/** Each file differs between any two generations, so any two files reveal a mixture. */
function treeOf(generation: number): Record<string, string | Buffer> {
  const files: Record<string, string | Buffer> = { 'generation.txt': marker(generation) };
  for (let i = 0; i < FILES; i++) files[`files/${i}.txt`] = `${marker(generation)} ${i}`;
  files['big.bin'] = Buffer.concat([Buffer.from(marker(generation)), randomBytes(3_000_000)]);
  return files;
}

function marker(generation: number): string {
  return `generation ${generation}`;
}

/**
 * Puts single files at the same time, so they share commits. If the origin is killed in between, they get no answer.
 */
function putAtOnce(cluster: Cluster, round: number): Promise<unknown>[] {
  return [1, 2, 3].map((i) =>
    ask(cluster.origin.url, `/v1/sites/${SITE}/files/put-${i}.txt`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${cluster.token}` },
      body: `${marker(round)} put ${i}`,
    }),
  );
}

/** Readers that loop without a pause would take the processors away from starting processes. */
const BETWEEN_READS_MS = 10;
const PATHS = ['generation.txt', 'files/0.txt', 'files/7.txt', 'big.bin', 'files/29.txt'];

/** Reads one path after another. While the edge is killed, a missing answer is no fault. */
async function poll(
  edge: Node,
  seen: Seen[],
  faults: string[],
  betweenMs: number,
  signal: AbortSignal,
): Promise<void> {
  let newest = 0;
  for (let i = 0; !signal.aborted; i++) {
    const path = PATHS[i % PATHS.length] ?? '';
    const answer = await read(edge.url, SITE, path).catch(() => undefined);
    if (answer === undefined) {
      await pause(5);
      continue;
    }
    const revision = revisionOf(answer);
    if (answer.status !== 200 || revision === undefined) {
      faults.push(`${edge.name} answered ${answer.status} for ${path}`);
      continue;
    }
    if (revision < newest) faults.push(`${edge.name} went from revision ${newest} back to ${revision}`);
    newest = Math.max(newest, revision);
    seen.push({ edge: edge.name, revision, path, digest: sha256(answer.body) });
    await pause(betweenMs);
  }
}

function revisionOf({ headers }: Answer): number | undefined {
  const found = new RegExp(`^${SITE}@(\\d+)$`).exec(String(headers['skerry-revision']))?.[1];
  return found === undefined ? undefined : Number(found);
}

async function judge(
  { client }: Cluster,
  seen: readonly Seen[],
  acknowledged: ReadonlyMap<number, string>,
): Promise<string[]> {
  const faults: string[] = [];
  const manifests = new Map<number, Map<string, string>>();
  for (const { revision } of await client.revisions(SITE)) {
    const entries = new Map<string, string>();
    for await (const { path, digest } of client.manifest(SITE, revision)) entries.set(path, digest);
    manifests.set(revision, entries);
  }
  for (const [revision, digest] of acknowledged) {
    if (manifests.get(revision)?.get('generation.txt') !== digest)
      faults.push(`the acknowledged revision ${revision} is missing`);
  }
  for (const { edge, revision, path, digest } of seen) {
    if (manifests.get(revision)?.get(path) !== digest)
      faults.push(`${edge} answered ${path} of revision ${revision} with other bytes`);
  }
  const { records } = await client.log(1, 1000);
  if (records.some(({ seq }, i) => seq !== i + 1)) faults.push('the log has a gap');
  return faults;
}

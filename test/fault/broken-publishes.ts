import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../helpers/cluster.ts';
import { sha256 } from '../helpers/http.ts';
import { type Begun, begin } from '../helpers/processes.ts';
import { type Random, random } from '../helpers/random.ts';
import { startProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { NotedUploads, startNotingProxy } from './noted-uploads.ts';

const SITE = 'broken';
const MIB = 1024 * 1024;
const RATE = 8 * MIB;
const LATEST_BREAK_MS = 2000;
const SMALL_FILES = 300;
const BREAKS = ['client', 'connection', 'origin'] as const;

export interface BrokenOutcome {
  /** How many publishes were broken off, by what broke them. */
  readonly broken: Readonly<Record<string, number>>;
  readonly publishes: number;
  readonly sentBytes: number;
  readonly faults: string[];
}

/**
 * Runs `skerry publish` again and again over a slow connection, and breaks each publish off at a random moment: the client
 * is killed with SIGKILL, the origin is killed, or the connection is cut. Each tree ends as one revision, no acknowledged object is
 * sent twice, and no large object is sent from its beginning again.
 */
export async function brokenPublishes(
  cluster: Cluster,
  breaks: number,
  seed: number,
  tell: (line: string) => void,
): Promise<BrokenOutcome> {
  const dice = random(seed);
  const sent = new NotedUploads();
  const noting = await startNotingProxy(cluster.origin.url, sent);
  const proxy = await startProxy({ target: noting, bytesPerSecond: RATE });
  const folder = join(cluster.folder, 'tree');
  const broken: Record<string, number> = {};
  const firstBreak = dice.below(BREAKS.length);
  let generation = 0;

  const env = { SKERRY_ORIGIN: proxy.url, SKERRY_TOKEN: cluster.token };
  const publish = () => begin(['publish', folder, '--site', SITE], { env });

  try {
    await cluster.client.putSite(SITE);
    let tree = await writeNext(folder, ++generation, dice);
    for (let done = 0; done < breaks; ) {
      const before = sent.bytes;
      const publishing = publish();
      let hasEnded = false;
      const attempt = publishing.ended.then(({ code }) => {
        hasEnded = true;
        return code === 0;
      });
      // The client needs longer to start on a busy machine. So the moment is one of the transfer.
      await until('the publish to send something', () => hasEnded || sent.bytes > before);
      const moment = dice.below(LATEST_BREAK_MS);
      const isOver = await Promise.race([attempt, pause(moment, false)]);
      if (isOver) {
        sent.faults.push(...(await wrongIn(cluster, tree, generation)));
        tree = await writeNext(folder, ++generation, dice);
        continue;
      }
      const what = BREAKS[(firstBreak + done) % BREAKS.length] ?? 'client';
      await breakOff(what, { cluster, proxy, publishing });
      await noteHeld(cluster, sent.held);
      const survived = await attempt;
      done++;
      broken[what] = (broken[what] ?? 0) + 1;
      tell(`${done}: ${what} after ${moment} ms, ${survived ? 'went on by itself' : 'broken off'}`);
      if (!survived) continue;
      sent.faults.push(...(await wrongIn(cluster, tree, generation)));
      tree = await writeNext(folder, ++generation, dice);
    }
    const { code, stderr } = await publish().ended;
    if (code !== 0) sent.faults.push(`the last publish failed: ${stderr}`);
    sent.faults.push(...(await wrongIn(cluster, tree, generation)));
    return { broken, publishes: generation, sentBytes: sent.bytes, faults: sent.faults };
  } finally {
    await proxy.close();
    await noting.close();
  }
}

async function breakOff(
  what: (typeof BREAKS)[number],
  { cluster, proxy, publishing }: { cluster: Cluster; proxy: TcpProxy; publishing: Begun },
): Promise<void> {
  switch (what) {
    case 'client':
      return publishing.kill();
    case 'connection':
      await proxy.cut();
      return proxy.restore();
    case 'origin':
      await cluster.origin.stop('SIGKILL');
      return cluster.origin.start();
  }
}

/** Looks at the drafts of the origin. They only grow, so it does not matter that a request may still be ending. */
async function noteHeld({ origin }: Cluster, held: Map<string, number>): Promise<void> {
  const drafts = join(origin.data, 'objects', 'drafts');
  for (const name of await readdir(drafts)) {
    const [, digest] = /^resumable-.*-([0-9a-f]{64})$/.exec(name) ?? [];
    const size = await stat(join(drafts, name)).then(
      (stats) => stats.size,
      () => 0,
    );
    if (digest !== undefined) held.set(digest, size);
  }
}

/** Writes a tree with no content of an earlier one. Returns its digests by path. */
async function writeNext(folder: string, generation: number, dice: Random): Promise<Map<string, string>> {
  const files: Record<string, string | Buffer> = {};
  for (let i = 0; i < SMALL_FILES; i++) files[`small/${i}.txt`] = `${generation} ${i} `.repeat(100);
  for (const [i, size] of [5 * MIB, 2 * MIB, 9 * MIB].entries())
    files[`large/${i}.bin`] = Buffer.from(
      Array.from({ length: size / 64 }, () => dice.below(2 ** 32))
        .join(' ')
        .padEnd(size, `${generation}`)
        .slice(0, size),
    );
  await writeTree(folder, files);
  return new Map(Object.entries(files).map(([path, content]) => [path, sha256(content)]));
}

/** What is wrong when a publish has ended well: each tree is one revision, and it is the newest one. */
async function wrongIn(
  { client }: Cluster,
  tree: ReadonlyMap<string, string>,
  generation: number,
): Promise<string[]> {
  const revisions = await client.revisions(SITE);
  const live = revisions.find(({ live }) => live)?.revision ?? 0;
  const wrong =
    revisions[0]?.revision === generation && live === generation
      ? []
      : [`tree ${generation} is live as revision ${live} of ${revisions.length}`];
  const found = new Map<string, string>();
  for await (const { path, digest } of client.manifest(SITE, live)) found.set(path, digest);
  const isSame = found.size === tree.size && [...tree].every(([path, digest]) => found.get(path) === digest);
  return isSame ? wrong : [...wrong, `revision ${live} is not the tree ${generation}`];
}

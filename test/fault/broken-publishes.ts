import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../../origin/client/api-client.ts';
import { publishFolder } from '../../origin/client/folder/publish-folder.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { type Cluster, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { sha256 } from '../helpers/http.ts';
import { type Random, random } from '../helpers/random.ts';
import { startProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { writeTree } from '../helpers/tree.ts';

const SITE = 'broken';
const MIB = 1024 * 1024;
const RATE = 8 * MIB;
const LATEST_BREAK_MS = 1500;
const SMALL_FILES = 300;
const BREAKS = ['client', 'connection', 'origin'] as const;

export interface BrokenOutcome {
  /** How many publishes were broken off, by what broke them. */
  readonly broken: Readonly<Record<string, number>>;
  readonly publishes: number;
  readonly sentBytes: number;
  readonly faults: string[];
}

/** What all attempts have sent so far. */
class Sent {
  readonly faults: string[] = [];
  readonly acknowledged = new Set<string>();
  /** How many bytes of an incomplete object the origin had when a publish was broken off, at least. */
  readonly held = new Map<string, number>();
  bytes = 0;

  begins(digest: string, offset: number): void {
    if (this.acknowledged.has(digest)) this.faults.push(`${digest} was acknowledged, and is sent again`);
    const held = this.held.get(digest) ?? 0;
    if (offset < held)
      this.faults.push(`${digest} goes on at ${offset}, although the origin had ${held} of its bytes`);
  }

  async *counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of body) {
      this.bytes += piece.length;
      yield piece;
    }
  }
}

/** A client that notes what it sends and what is acknowledged. */
class NotingClient extends ApiClient {
  readonly #sent: Sent;

  constructor(url: string, token: string, signal: AbortSignal, sent: Sent) {
    super(url, token, signal);
    this.#sent = sent;
  }

  override async putObject(site: string, digest: Digest, body: Buffer | Readable, size: number) {
    this.#sent.begins(digest, 0);
    const counted = this.#sent.counted(Buffer.isBuffer(body) ? Readable.from([body]) : body);
    await super.putObject(site, digest, Readable.from(counted, { objectMode: false }), size);
    this.#sent.acknowledged.add(digest);
  }

  override async appendObject(
    site: string,
    digest: Digest,
    body: Readable,
    place: { readonly offset: number; readonly length: number },
  ) {
    this.#sent.begins(digest, place.offset);
    const counted = this.#sent.counted(body);
    await super.appendObject(site, digest, Readable.from(counted, { objectMode: false }), place);
    this.#sent.acknowledged.add(digest);
  }

  override async putObjects(site: string, objects: AsyncIterable<Uint8Array>) {
    const digests: string[] = [];
    const sent = this.#sent;
    async function* noted() {
      for await (const bytes of objects) {
        const digest = sha256(Buffer.from(bytes));
        sent.begins(digest, 0);
        sent.bytes += bytes.length;
        digests.push(digest);
        yield bytes;
      }
    }
    const answer = await super.putObjects(site, noted());
    for (const digest of digests) this.#sent.acknowledged.add(digest);
    return answer;
  }
}

/**
 * Publishes a folder again and again over a slow connection, and breaks each publish off at a random moment: the client
 * is killed, the origin is killed, or the connection is cut. Each tree ends as one revision, no acknowledged object is
 * sent twice, and no large object is sent from its beginning again.
 */
export async function brokenPublishes(
  breaks: number,
  seed: number,
  tell: (line: string) => void,
): Promise<BrokenOutcome> {
  const dice = random(seed);
  const cluster = await startCluster({ edges: 0, within: ON_DISK });
  const hashThreads = startHashThreads(1);
  const { hostname, port } = new URL(cluster.origin.url);
  const proxy = await startProxy({ target: { host: hostname, port: Number(port) }, bytesPerSecond: RATE });
  const folder = join(cluster.folder, 'tree');
  const sent = new Sent();
  const broken: Record<string, number> = {};
  let generation = 0;

  const publish = async (signal: AbortSignal) => {
    const client = new NotingClient(proxy.url, cluster.token, signal, sent);
    try {
      const parts = { client, hashThreads, site: SITE, commit: {}, progress: () => {}, signal };
      return await publishFolder(parts, folder);
    } finally {
      await client.close();
    }
  };

  try {
    await cluster.client.putSite(SITE);
    let tree = await writeNext(folder, ++generation, dice);
    for (let done = 0; done < breaks; ) {
      const killed = new AbortController();
      const attempt = publish(killed.signal).then(
        () => true,
        () => false,
      );
      const moment = dice.below(LATEST_BREAK_MS);
      const isOver = await Promise.race([attempt, pause(moment, false)]);
      if (isOver) {
        sent.faults.push(...(await wrongIn(cluster, tree, generation)));
        tree = await writeNext(folder, ++generation, dice);
        continue;
      }
      const what = dice.pick(BREAKS);
      await breakOff(what, { cluster, proxy, killed });
      await noteHeld(cluster, sent.held);
      const survived = await attempt;
      done++;
      broken[what] = (broken[what] ?? 0) + 1;
      tell(`${done}: ${what} after ${moment} ms, ${survived ? 'went on by itself' : 'broken off'}`);
      if (!survived) continue;
      sent.faults.push(...(await wrongIn(cluster, tree, generation)));
      tree = await writeNext(folder, ++generation, dice);
    }
    await publish(new AbortController().signal);
    sent.faults.push(...(await wrongIn(cluster, tree, generation)));
    return { broken, publishes: generation, sentBytes: sent.bytes, faults: sent.faults };
  } finally {
    await proxy.close();
    await hashThreads.close();
    await cluster.close();
  }
}

async function breakOff(
  what: (typeof BREAKS)[number],
  { cluster, proxy, killed }: { cluster: Cluster; proxy: TcpProxy; killed: AbortController },
): Promise<void> {
  switch (what) {
    case 'client':
      return killed.abort();
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

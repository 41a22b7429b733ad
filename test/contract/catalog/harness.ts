import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Catalog, OpenCatalog } from '../../../origin/catalog/catalog.ts';
import type { DeployFile } from '../../../origin/catalog/deploy-calls.ts';
import { NO_DETAILS } from '../../../origin/catalog/file-change.ts';
import type { Reveal } from '../../../origin/catalog/publish-calls.ts';
import { Committer } from '../../../origin/publish/commit.ts';
import { RuleCheck } from '../../../origin/publish/rule-check.ts';
import type { SiteLock } from '../../../origin/publish/site-lock.ts';
import type { SyncEdges } from '../../../origin/publish/sync-edges.ts';
import type { Clock } from '../../../shared/clock.ts';
import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { leafDigest, leafOf, nodeDigest, nodeOf, rootDigest } from '../../../shared/content/buckets.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import { type Digest, digestBytes, digestOf } from '../../../shared/content/digest.ts';
import { type Entry, entryHash } from '../../../shared/content/entry.ts';
import type { DiffCursor, ManifestCursor } from '../../../shared/content/manifest/reading.ts';
import { certifyKey } from '../../../shared/log/certificate.ts';
import { firstChainState, follow, noteHead } from '../../../shared/log/chain-state.ts';
import { generateSigningKey, type SigningKey } from '../../../shared/signing/keys.ts';
import { ruleFaults } from '../../../shared/site/rules/rule-faults.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { NewMember } from '../../../shared/wire/protocol.ts';
import { MemoryDisk, openMemoryStore } from '../../helpers/memory-store.ts';

/** A place for a catalog, which outlives the catalogs that are opened there with the same key. */
export interface CatalogPlace {
  open(key: SigningKey): Promise<OpenCatalog>;
}

export const LOG = 'c0ffee'.padEnd(32, '0');
export const key = generateSigningKey();
export const recovery = generateSigningKey();
export const certified = certifyKey(LOG, 1, key.publicKey, recovery);

/** A clock that goes on by a second whenever it is asked. */
function countingClock(): Clock {
  let now = 1_700_000_000_000;
  return {
    now() {
      now += 1000;
      return now;
    },
    monotonic: () => 0,
    sleep: async () => {},
  };
}

/** A tree as people think of it: content by path. */
export type Tree = Readonly<Record<string, string>>;

export const at = (path: string) => path as ContentPath;
export const fileOf = (path: string, content: string): DeployFile => ({
  path: at(path),
  digest: digestOf(content),
  size: Buffer.byteLength(content),
  ...NO_DETAILS,
});
export const deletionOf = (path: string): DeployFile => ({
  ...{ path: at(path), digest: null, size: 0 },
  ...NO_DETAILS,
});

const noEdges: SyncEdges = {
  changed: new Wakeup(),
  participants: () => [],
  servers: () => [],
  current: async () => {},
  requireRevision: async () => null,
  refusesWithoutLease: async () => {},
  syncStatus: () => ({ prepared: false, visible: false, leaseLeft: 0, servingLeft: 0 }),
};

/** What a publisher does with a catalog, over the calls of its interface. */
export class Publisher {
  readonly catalog: Catalog;
  readonly clock = countingClock();
  readonly committer: Committer;

  constructor(catalog: Catalog, sites: SiteLock = new KeyedLock<number>()) {
    this.catalog = catalog;
    this.committer = new Committer(
      {
        catalog,
        clock: this.clock,
        sites,
        edges: noEdges,
        stopping: new AbortController().signal,
      },
      new RuleCheck(openMemoryStore(new MemoryDisk()), async (path, content) => ruleFaults(path, content)),
    );
  }

  async upload(site: number, contents: readonly string[]): Promise<void> {
    await this.catalog.addObjects(
      contents.map((content) => ({
        site,
        digest: digestOf(content),
        size: Buffer.byteLength(content),
        chunks: null,
      })),
      this.clock.now(),
    );
  }

  async deploy(
    site: number,
    files: readonly DeployFile[],
    base: number | null,
    expect: number | null = null,
  ) {
    const id = randomBytes(12).toString('hex');
    await this.catalog.createDeploy(id, site, this.clock.now());
    await this.catalog.completeDeploy(id, base, expect);
    await this.catalog.addDeployFiles(id, files);
    return id;
  }

  /** Uploads and commits a whole tree. */
  async publish(site: number, tree: Tree): Promise<Commit> {
    await this.upload(site, Object.values(tree));
    const files = Object.entries(tree).map(([path, content]) => fileOf(path, content));
    return this.committer.commitDeploy(await this.deploy(site, files, null));
  }

  /** Commits a change to a revision, whatever came after it. */
  async change(site: number, base: number, put: Tree, deleted: readonly string[] = []): Promise<Commit> {
    await this.upload(site, Object.values(put));
    const files = Object.entries(put).map(([path, content]) => fileOf(path, content));
    const id = await this.deploy(site, [...files, ...deleted.map(deletionOf)], base);
    return this.committer.commitDeploy(id, { onConflict: 'replace' });
  }
}

export async function manifest(
  catalog: Catalog,
  site: number,
  revision: number,
  limit = 1000,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor: ManifestCursor | undefined;
  do {
    const page = await catalog.manifestPage(site, revision, cursor, limit);
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return entries;
}

export const digests = (entries: readonly Entry[]) =>
  Object.fromEntries(entries.map(({ path, digest }) => [path as string, digest as string]).sort());
export const digestsOf = (tree: Tree) =>
  Object.fromEntries(
    Object.entries(tree)
      .map(([path, content]) => [path, digestOf(content) as string])
      .sort(),
  );

const putOf = (entry: Entry) => `+${entry.path} ${entry.digest} ${entry.time}`;

/** A diff as `+path digest time` and `-path`, sorted. */
export async function diff(
  catalog: Catalog,
  site: number,
  from: number,
  to: number,
  limit = 1000,
): Promise<string[]> {
  const changes: string[] = [];
  let cursor: DiffCursor | undefined;
  do {
    const page = await catalog.diffPage(site, from, to, cursor, limit);
    for (const change of page.changes)
      changes.push(change.kind === 'put' ? putOf(change.entry) : `-${change.path}`);
    cursor = page.next;
  } while (cursor !== undefined);
  return changes.sort();
}

/** From the two manifests alone. Content that left a path and came back has a new time: it is another entry. */
export function diffOf(from: readonly Entry[], to: readonly Entry[]): string[] {
  const before = new Set(from.map(putOf));
  const paths = new Set(to.map(({ path }) => path));
  const puts = to.map(putOf).filter((put) => !before.has(put));
  return [...puts, ...from.filter(({ path }) => !paths.has(path)).map(({ path }) => `-${path}`)].sort();
}

/** The root over the entries, from the definition alone. */
export function rootOf(entries: readonly Entry[]): Digest {
  const leaves = new Map<number, Entry[]>();
  for (const entry of entries) {
    const leaf = leafOf(entry.path);
    leaves.set(leaf, [...(leaves.get(leaf) ?? []), entry]);
  }
  const nodes = new Map<number, { id: number; digest: Uint8Array }[]>();
  for (const [leaf, inLeaf] of [...leaves].sort(([a], [b]) => a - b)) {
    const sorted = inLeaf.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
    const digest = leafDigest(sorted.map(entryHash));
    if (digest === null) continue;
    nodes.set(nodeOf(leaf), [...(nodes.get(nodeOf(leaf)) ?? []), { id: leaf, digest }]);
  }
  return rootDigest(
    [...nodes].flatMap(([id, inNode]) => {
      const digest = nodeDigest(inNode);
      return digest === null ? [] : { id, digest };
    }),
  );
}

export const secretOf = (text: string) => digestBytes(digestOf(text));
export const edgeKey = generateSigningKey();

export const joinRequest = (name: string, changes: Partial<NewMember> = {}): NewMember => ({
  name,
  region: 'eu',
  lat: 48.8,
  lon: null,
  publicKey: edgeKey.publicKey,
  ...changes,
});

export interface Theme {
  readonly name: string;
  /** An empty place for a catalog. */
  readonly place: (t: Test) => Promise<CatalogPlace>;
  /** A test with a founded log. */
  suite(title: string, run: (t: Test, catalog: Catalog, publisher: Publisher) => Promise<void>): void;
}

export function catalogTheme(name: string, place: Theme['place']): Theme {
  return {
    name,
    place,
    suite(title, run) {
      t.test(`${name}: ${title}`, async (t) => {
        const { catalog, close } = await (await place(t)).open(key);
        try {
          await catalog.found(LOG, certified, 1000);
          await run(t, catalog, new Publisher(catalog));
        } finally {
          await close();
        }
      });
    },
  };
}

/** Every record from the first on follows, as an edge sees it, and the signed head is its end. */
export async function checkLog(t: Test, catalog: Catalog): Promise<number> {
  let state = firstChainState(LOG, 1, certified, recovery.fingerprint);
  for (const record of await catalog.records(1, 100_000)) state = follow(state, record);
  const head = await catalog.head(123);
  t.equal(head.time, 123);
  t.equal(noteHead(state, head).head, state.seq, 'the log is gapless, signed, and the head is its end');
  t.equal(head.hash, state.hash);
  return state.seq;
}

/** A revision that adds a file and waits, as a commit of a mode other than async leaves it. */
export async function pend(catalog: Catalog, site: number, changes: Partial<Reveal> = {}) {
  const { revision } = await catalog.beginStaging(site);
  const root = await catalog.sealRoot(site, revision);
  const plain = { base: 0, message: '', restores: null, time: 50, activate: null, deploy: null };
  const { seq } = await catalog.reveal({ ...plain, site, revision, root, mode: 'batch', ...changes });
  return { revision, seq, root };
}

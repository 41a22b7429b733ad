import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { firstChainState, follow, noteHead } from '../../edge/follow/chain-state.ts';
import type { Catalog, DeployFile } from '../../origin/log/catalog.ts';
import { Committer } from '../../origin/log/commit.ts';
import type { Commit } from '../../shared/api.ts';
import { leafDigest, leafOf, nodeDigest, nodeOf, rootDigest } from '../../shared/buckets.ts';
import { certifyKey } from '../../shared/certificate.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ContentPath } from '../../shared/content-path.ts';
import { type Digest, digestBytes, digestOf } from '../../shared/digest.ts';
import { type Entry, entryHash } from '../../shared/entry.ts';
import { generateSigningKey, type SigningKey } from '../../shared/keys.ts';
import type { DiffCursor, ManifestCursor } from '../../shared/manifest/reading.ts';
import type { JoinRequest } from '../../shared/protocol.ts';
import type { Receipt } from '../../shared/receipt.ts';
import { Wakeup } from '../../shared/wakeup.ts';

export interface OpenedCatalog {
  readonly catalog: Catalog;
  close(): Promise<void>;
}

/** A place for a catalog, which outlives the catalogs that are opened there with the same key. */
export interface CatalogPlace {
  open(key: SigningKey): Promise<OpenedCatalog>;
}

const LOG = 'c0ffee'.padEnd(32, '0');
const key = generateSigningKey();
const recovery = generateSigningKey();
const certified = certifyKey(LOG, 1, key.publicKey, recovery);

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
type Tree = Readonly<Record<string, string>>;

const at = (path: string) => path as ContentPath;
const fileOf = (path: string, content: string): DeployFile => ({
  path: at(path),
  digest: digestOf(content),
  size: Buffer.byteLength(content),
});
const deletionOf = (path: string): DeployFile => ({ path: at(path), digest: null, size: 0 });

/** What a publisher does with a catalog, over the calls of its interface. */
class Publisher {
  readonly catalog: Catalog;
  readonly clock = countingClock();
  readonly committer: Committer;

  constructor(catalog: Catalog) {
    this.catalog = catalog;
    this.committer = new Committer(catalog, this.clock, new Wakeup());
  }

  async upload(site: number, contents: readonly string[]): Promise<void> {
    await this.catalog.addObjects(
      contents.map((content) => ({
        site,
        digest: digestOf(content),
        size: Buffer.byteLength(content),
        chunks: null,
      })),
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
    await this.catalog.setDeployHeader(id, base, expect);
    await this.catalog.addDeployFiles(id, files);
    return id;
  }

  /** Uploads and commits a whole tree. */
  async publish(site: number, tree: Tree): Promise<Commit> {
    await this.upload(site, Object.values(tree));
    const files = Object.entries(tree).map(([path, content]) => fileOf(path, content));
    return this.committer.commitDeploy(await this.deploy(site, files, null), '');
  }

  /** Commits a change to a revision. */
  async change(site: number, base: number, put: Tree, deleted: readonly string[] = []): Promise<Commit> {
    await this.upload(site, Object.values(put));
    const files = Object.entries(put).map(([path, content]) => fileOf(path, content));
    const id = await this.deploy(site, [...files, ...deleted.map(deletionOf)], base);
    return this.committer.commitDeploy(id, '');
  }
}

async function manifest(catalog: Catalog, site: number, revision: number, limit = 1000): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor: ManifestCursor | undefined;
  do {
    const page = await catalog.manifestPage(site, revision, cursor, limit);
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return entries;
}

const digests = (entries: readonly Entry[]) =>
  Object.fromEntries(entries.map(({ path, digest }) => [path as string, digest as string]).sort());
const digestsOf = (tree: Tree) =>
  Object.fromEntries(
    Object.entries(tree)
      .map(([path, content]) => [path, digestOf(content) as string])
      .sort(),
  );

const putOf = (entry: Entry) => `+${entry.path} ${entry.digest} ${entry.time}`;

/** A diff as `+path digest time` and `-path`, sorted. */
async function diff(
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
function diffOf(from: readonly Entry[], to: readonly Entry[]): string[] {
  const before = new Set(from.map(putOf));
  const paths = new Set(to.map(({ path }) => path));
  const puts = to.map(putOf).filter((put) => !before.has(put));
  return [...puts, ...from.filter(({ path }) => !paths.has(path)).map(({ path }) => `-${path}`)].sort();
}

/** The root over the entries, from the definition alone. */
function rootOf(entries: readonly Entry[]): Digest {
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

const secretOf = (text: string) => digestBytes(digestOf(text));
const edgeKey = generateSigningKey();

const joinRequest = (name: string, changes: Partial<JoinRequest> = {}): JoinRequest => ({
  token: 'not looked at',
  name,
  region: 'eu',
  lat: 48.8,
  lon: null,
  publicKey: edgeKey.publicKey,
  proof: 'not looked at',
  ...changes,
});

/** What every catalog must do. `place` gives an empty one for each test. */
export function catalogContract(name: string, place: (t: Test) => Promise<CatalogPlace>): void {
  const suite = (title: string, run: (t: Test, catalog: Catalog, publisher: Publisher) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => {
      const { catalog, close } = await (await place(t)).open(key);
      try {
        await catalog.found(LOG, certified, 1000);
        await run(t, catalog, new Publisher(catalog));
      } finally {
        await close();
      }
    });

  /** Every record from the first on follows, as an edge sees it, and the signed head is its end. */
  async function checkLog(t: Test, catalog: Catalog): Promise<number> {
    let state = firstChainState(LOG, 1, certified, recovery.fingerprint);
    for (const record of await catalog.records(1, 100_000)) state = follow(state, record);
    const head = await catalog.head(123);
    t.equal(head.time, 123);
    t.equal(noteHead(state, head).head, state.seq, 'the log is gapless, signed, and the head is its end');
    t.equal(head.hash, state.hash);
    return state.seq;
  }

  t.test(`${name}: founding`, async (t) => {
    const { catalog, close } = await (await place(t)).open(key);
    try {
      t.equal(await catalog.identity(), undefined, 'there is none before');
      await catalog.found(LOG, certified, 1000);
      t.strictSame(await catalog.identity(), { log: LOG, epoch: 1, key: certified });
      const other = generateSigningKey();
      await catalog.found('1'.repeat(32), certifyKey('1'.repeat(32), 1, other.publicKey, recovery), 2000);
      t.strictSame(await catalog.identity(), { log: LOG, epoch: 1, key: certified }, 'it happens once');
      t.equal(await checkLog(t, catalog), 1);
      t.match(await catalog.records(1, 10), [{ seq: 1, kind: 'key', critical: true, time: 1000, site: 0 }]);
    } finally {
      await close();
    }
  });

  suite('records are read from a number on', async (t, catalog) => {
    for (const site of ['a', 'b', 'c']) await catalog.putSite(site, undefined, 1);
    const seqs = async (from: number, limit: number) =>
      (await catalog.records(from, limit)).map(({ seq }) => seq);
    t.strictSame(await seqs(1, 100), [1, 2, 3, 4]);
    t.strictSame(await seqs(2, 2), [2, 3]);
    t.strictSame(await seqs(4, 10), [4]);
    t.strictSame(await seqs(5, 10), []);
    t.strictSame(await seqs(1, 0), []);
  });

  suite('sites', async (t, catalog) => {
    t.strictSame(await catalog.sites(), []);
    await t.rejects(catalog.site('one'), { code: 'no-such-site' });
    const one = await catalog.putSite('one', undefined, 5);
    t.match(one, { name: 'one', domains: [], revision: 0, newest: 0, files: 0, bytes: 0 });
    t.strictSame(await catalog.putSite('one', undefined, 6), one, 'repeating it changes nothing');
    t.equal((await catalog.records(1, 10)).length, 2, 'and is not written down');
    const changed = await catalog.putSite('one', ['one.example', 'www.one.example'], 7);
    t.strictSame(changed, { ...one, domains: ['one.example', 'www.one.example'] });
    t.strictSame(await catalog.putSite('one', undefined, 8), changed, 'without domains they stay');
    await catalog.putSite('alpha', [], 9);
    t.strictSame(
      (await catalog.sites()).map((site) => site.name),
      ['alpha', 'one'],
    );
    t.strictSame((await catalog.putSite('one', [], 10)).domains, []);
    const settings = (await catalog.records(2, 10)).map(({ kind, site, payload }) => [
      kind,
      site,
      JSON.parse(payload),
    ]);
    t.strictSame(settings[1], [
      'settings',
      one.id,
      { name: 'one', domains: ['one.example', 'www.one.example'], deleted: false },
    ]);
    await checkLog(t, catalog);
  });

  suite('a domain belongs to one site', async (t, catalog) => {
    await catalog.putSite('one', ['one.example'], 1);
    await catalog.putSite('two', ['two.example'], 1);
    const records = (await catalog.records(1, 100)).length;
    await t.rejects(catalog.putSite('two', ['x.example', 'one.example'], 1), {
      code: 'domain-taken',
      message: /one\.example belongs to the site one/,
    });
    await t.rejects(catalog.putSite('three', ['one.example'], 1), { code: 'domain-taken' });
    t.strictSame((await catalog.site('two')).domains, ['two.example'], 'what is refused changes nothing');
    await t.rejects(catalog.site('three'), { code: 'no-such-site' });
    t.equal((await catalog.records(1, 100)).length, records);
    await catalog.putSite('one', ['one.example', 'more.example'], 1);
    await catalog.deleteSite('one', 1);
    await catalog.putSite('two', ['one.example'], 1);
    t.strictSame((await catalog.site('two')).domains, ['one.example'], 'a deleted site lets go of them');
  });

  suite('a deleted site is gone, and a new one of its name is another', async (t, catalog, publisher) => {
    const first = await catalog.putSite('one', ['one.example'], 1);
    await publisher.publish(first.id, { a: 'x' });
    const open = await publisher.deploy(first.id, [fileOf('b', 'x')], null);
    await catalog.deleteSite('one', 2);
    await t.rejects(catalog.site('one'), { code: 'no-such-site' });
    await t.rejects(catalog.deleteSite('one', 3), { code: 'no-such-site' });
    await t.rejects(catalog.deploy(open), { code: 'no-such-deploy' });
    await t.rejects(catalog.beginStaging(first.id), { code: 'no-such-site' });
    t.strictSame(await catalog.sites(), []);
    const second = await catalog.putSite('one', undefined, 4);
    t.not(second.id, first.id);
    t.match(second, { revision: 0, newest: 0, files: 0, domains: [] });
    t.strictSame(await catalog.revisions(second.id, 10), []);
    t.equal(await catalog.siteObject(second.id, digestOf('x')), undefined);
    await checkLog(t, catalog);
  });

  suite('objects are known per site', async (t, catalog) => {
    const one = await catalog.putSite('one', undefined, 1);
    const two = await catalog.putSite('two', undefined, 1);
    const plain = { site: one.id, digest: digestOf('x'), size: 1, chunks: null };
    const chunked = { site: one.id, digest: digestOf('big'), size: 2_000_000, chunks: digestOf('list') };
    await catalog.addObjects([plain, chunked]);
    await catalog.addObjects([plain]);
    t.strictSame(await catalog.siteObject(one.id, plain.digest), plain);
    t.strictSame(await catalog.siteObject(one.id, chunked.digest), chunked);
    t.equal(await catalog.siteObject(two.id, plain.digest), undefined, 'a digest grants no bytes');
    await catalog.addObjects([{ ...plain, site: two.id }]);
    t.strictSame(await catalog.siteObject(two.id, plain.digest), { ...plain, site: two.id });
    t.equal(await catalog.siteObject(one.id, digestOf('absent')), undefined);
    await catalog.addObjects([]);
  });

  suite('a deploy', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await t.rejects(catalog.deploy('none'), { code: 'no-such-deploy' });
    await catalog.createDeploy('d', site, 2);
    t.strictSame(await catalog.deploy('d'), {
      id: 'd',
      site,
      siteName: 'one',
      base: null,
      expect: null,
      result: null,
    });
    await catalog.setDeployHeader('d', 3, 4);
    t.match(await catalog.deploy('d'), { base: 3, expect: 4 });
    const result: Commit = { revision: 1, seq: 2, unchanged: true, receipts: [] };
    await catalog.finishDeploy('d', result);
    t.strictSame((await catalog.deploy('d')).result, result);
    await catalog.dropDeploy('d');
    await t.rejects(catalog.deploy('d'), { code: 'no-such-deploy' });
    await t.rejects(catalog.dropDeploy('d'), { code: 'no-such-deploy' });
    await t.rejects(catalog.addDeployFiles('d', []), { code: 'no-such-deploy' });
    await t.rejects(catalog.deployMissing('d', undefined, 1), { code: 'no-such-deploy' });
  });

  suite('what a deploy is missing', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const other = await catalog.putSite('two', undefined, 1);
    await publisher.upload(site, ['here']);
    await publisher.upload(other.id, ['elsewhere']);
    const id = await publisher.deploy(
      site,
      [
        fileOf('a', 'here'),
        fileOf('b', 'elsewhere'),
        fileOf('c', 'nowhere'),
        fileOf('d', 'nowhere'),
        fileOf('e', ''),
        deletionOf('f'),
      ],
      0,
    );
    const expected = ['elsewhere', 'nowhere', ''].map((content) => digestOf(content)).sort();
    t.strictSame(await catalog.deployMissing(id, undefined, 100), expected, 'each once, ascending');
    t.strictSame(await catalog.deployMissing(id, undefined, 2), expected.slice(0, 2));
    t.strictSame(await catalog.deployMissing(id, expected[1], 2), expected.slice(2));
    t.strictSame(await catalog.deployMissing(id, expected[2], 2), []);
    await publisher.upload(site, ['nowhere', 'elsewhere', '']);
    t.strictSame(await catalog.deployMissing(id, undefined, 100), []);
  });

  suite('a path that is named twice', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const id = await publisher.deploy(site, [fileOf('a', 'x')], null);
    await t.rejects(catalog.addDeployFiles(id, [fileOf('a', 'x')]), {
      code: 'duplicate-path',
      message: /path a /,
    });
    await t.rejects(catalog.addDeployFiles(id, [fileOf('b', 'y'), fileOf('b', 'y')]), {
      code: 'duplicate-path',
    });
    await t.rejects(catalog.addDeployFiles(id, [fileOf('c', 'z'), deletionOf('c')]), {
      code: 'duplicate-path',
    });
    t.strictSame(
      await catalog.deployMissing(id, undefined, 10),
      [digestOf('x')],
      'what is refused is not kept',
    );
    await catalog.addDeployFiles(id, [fileOf('A', 'x'), fileOf('é', 'x'), fileOf('e\u0301', 'x')]);
  });

  suite('a size that is not that of the object', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['four']);
    const wrong = { ...fileOf('a', 'four'), size: 5 };
    const id = await publisher.deploy(site, [], null);
    await catalog.checkDeploySizes(id);
    const second = await publisher.deploy(site, [wrong], null);
    await t.rejects(catalog.checkDeploySizes(second), {
      code: 'size-mismatch',
      message: /a is .*5 bytes.*4 bytes/,
    });
    const third = await publisher.deploy(site, [{ ...fileOf('a', 'later'), size: 1 }], null);
    await catalog.checkDeploySizes(third);
    await publisher.upload(site, ['later']);
    await t.rejects(publisher.committer.commitDeploy(third, ''), { code: 'size-mismatch' });
    t.equal((await catalog.site('one')).revision, 0);
  });

  suite('a revision and its records', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const tree = { 'index.html': '<p>', 'a/b.css': 'p {}', empty: '' };
    const commit = await publisher.publish(site, tree);
    t.match(commit, { revision: 1, seq: 4, unchanged: false });
    const entries = await manifest(catalog, site, 1);
    t.strictSame(digests(entries), digestsOf(tree));
    const revision = await catalog.revision(site, 1);
    t.match(revision, { revision: 1, seq: 4, base: 0, files: 3, bytes: 7, restores: null, live: true });
    t.equal(revision.root, rootOf(entries), 'the root is that of the definition');
    t.strictSame(await catalog.revisions(site, 10), [revision]);
    t.match(await catalog.site('one'), { revision: 1, newest: 1, files: 3, bytes: 7 });
    t.strictSame(await catalog.entryAt(site, 1, at('a/b.css')), {
      path: 'a/b.css',
      digest: digestOf('p {}'),
      size: 4,
      chunks: null,
      type: 'text/css',
      meta: [],
      time: revision.time,
    });
    t.equal(await catalog.entryAt(site, 1, at('a/b')), undefined);
    t.equal(await catalog.entryAt(site, 0, at('empty')), undefined, 'revision 0 is empty');
    const [record, activate] = await catalog.records(3, 10);
    t.match(record, {
      kind: 'revision',
      critical: true,
      site,
      revision: 1,
      root: revision.root,
      time: revision.time,
    });
    t.match(activate, { kind: 'activate', critical: true, site, revision: 1, root: revision.root });
    t.equal(await checkLog(t, catalog), 4);
    await t.rejects(catalog.revision(site, 2), { code: 'no-such-revision' });
    await t.rejects(catalog.revision(site, 0), { code: 'no-such-revision' });
  });

  suite('an unchanged tree is no new revision', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const first = await publisher.publish(site, { a: 'x', b: 'y' });
    const head = await checkLog(t, catalog);
    t.strictSame(await publisher.publish(site, { b: 'y', a: 'x' }), { ...first, unchanged: true });
    t.equal(await checkLog(t, catalog), head);
    t.equal((await publisher.publish(site, { a: 'x' })).revision, 2, 'and no number is used up');
  });

  suite('a deploy is committed once', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['x']);
    const id = await publisher.deploy(site, [fileOf('a', 'x')], null);
    const commits = await Promise.all([1, 2, 3].map(() => publisher.committer.commitDeploy(id, '')));
    for (const commit of commits) t.strictSame(commit, commits[0]);
    await publisher.publish(site, { a: 'other' });
    t.strictSame(
      await publisher.committer.commitDeploy(id, ''),
      commits[0],
      'also when the world has moved on',
    );
    t.equal((await catalog.site('one')).revision, 2);
  });

  suite('what a commit refuses leaves everything as it was', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: 'x' });
    const head = await checkLog(t, catalog);
    const missing = await publisher.deploy(site, [fileOf('a', 'never uploaded')], null);
    await t.rejects(publisher.committer.commitDeploy(missing, ''), {
      code: 'objects-missing',
      details: { missing: [digestOf('never uploaded')] },
    });
    const moved = await publisher.deploy(site, [fileOf('a', 'x')], null, 7);
    await t.rejects(publisher.committer.commitDeploy(moved, ''), {
      code: 'revision-moved',
      details: { current: 1 },
    });
    const baseless = await publisher.deploy(site, [fileOf('b', 'x')], 9);
    await t.rejects(publisher.committer.commitDeploy(baseless, ''), { code: 'no-such-revision' });
    t.equal(await checkLog(t, catalog), head);
    t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: 'x' }));
    t.equal((await publisher.publish(site, { a: 'z' })).revision, 2);
  });

  suite('a revision may be based on any', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1', c: '1' });
    await publisher.publish(site, { a: '2', d: '2' });
    const third = await publisher.change(site, 1, { b: '3' }, ['c', 'not there']);
    t.match(await catalog.revision(site, third.revision), { base: 1, files: 2, live: true });
    t.strictSame(digests(await manifest(catalog, site, 3)), digestsOf({ a: '1', b: '3' }));
    const fourth = await publisher.change(site, 0, { z: '4' });
    t.strictSame(
      digests(await manifest(catalog, site, fourth.revision)),
      digestsOf({ z: '4' }),
      '0 is empty',
    );
  });

  suite('a path keeps the time of the commit that gave it its digest', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    await publisher.publish(site, { a: '1', b: '2' });
    const time = async (revision: number, path: string) =>
      (await catalog.entryAt(site, revision, at(path)))?.time;
    t.equal(await time(2, 'a'), (await catalog.revision(site, 1)).time);
    t.equal(await time(2, 'b'), (await catalog.revision(site, 2)).time);
  });

  suite('rollback', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    t.equal(await catalog.formerlyLive(site), undefined);
    await t.rejects(publisher.committer.rollback(site, undefined), { code: 'nothing-to-roll-back' });
    await publisher.publish(site, { a: '1' });
    t.equal(await catalog.formerlyLive(site), undefined);
    await publisher.publish(site, { a: '2', b: '2' });
    t.equal((await catalog.formerlyLive(site))?.revision, 1);
    t.match(await publisher.committer.rollback(site, undefined), { revision: 3, unchanged: false });
    const [first, third] = [await catalog.revision(site, 1), await catalog.revision(site, 3)];
    t.equal(third.root, first.root, 'the old content, to the byte, times included');
    t.match(third, { restores: 1, base: 1, files: 1, live: true });
    t.equal((await catalog.formerlyLive(site))?.revision, 2, 'back again is the way forwards');
    await t.rejects(publisher.committer.rollback(site, 9), { code: 'no-such-revision' });
    t.match(await publisher.committer.rollback(site, 1), { revision: 3, unchanged: true });
    await checkLog(t, catalog);
  });

  suite('any manifest and any diff, against a model', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const { id: neighbour } = await catalog.putSite('two', undefined, 1);
    await publisher.publish(neighbour, { 'file-0': 'of another site' });
    let state = 42;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % below;
    };
    const trees: Tree[] = [{}];
    for (let revision = 1; revision <= 12; revision++) {
      const tree: Record<string, string> = { [`new-${revision}`]: 'x' };
      for (let i = 0; i < 12; i++) if (random(3) > 0) tree[`file-${i}`] = `content ${random(3)}`;
      t.equal((await publisher.publish(site, tree)).revision, revision);
      trees.push(tree);
    }
    const manifests: Entry[][] = [];
    for (const [revision, tree] of trees.entries()) {
      const entries = await manifest(catalog, site, revision, 5);
      t.strictSame(digests(entries), digestsOf(tree), `manifest ${revision}`);
      if (revision > 0)
        t.equal((await catalog.revision(site, revision)).root, rootOf(entries), `root ${revision}`);
      manifests.push(entries);
    }
    for (const [from, before] of manifests.entries()) {
      for (const [to, after] of manifests.entries()) {
        const found = await diff(catalog, site, from, to, 3);
        t.strictSame(found, diffOf(before, after), `diff ${from} to ${to}`);
      }
    }
    t.strictSame(digests(await manifest(catalog, neighbour, 1)), digestsOf({ 'file-0': 'of another site' }));
    t.match(await catalog.site('one'), {
      files: Object.keys(trees[12] ?? {}).length,
      bytes: Object.values(trees[12] ?? {}).join('').length,
    });
  });

  suite('bytes and times between revisions', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: 'bbbb' });
    await publisher.publish(site, { a: '22', b: 'bbbb' });
    await publisher.publish(site, { a: '22', c: 'ccc' });
    t.equal(await catalog.diffBytes(site, 0, 1), 5);
    t.equal(await catalog.diffBytes(site, 1, 2), 2);
    t.equal(await catalog.diffBytes(site, 1, 3), 5);
    t.equal(await catalog.diffBytes(site, 3, 1), 5, 'backwards');
    t.equal(await catalog.diffBytes(site, 2, 2), 0);
    t.equal(await catalog.nextRevisionTime(site, 0), (await catalog.revision(site, 1)).time);
    t.equal(await catalog.nextRevisionTime(site, 2), (await catalog.revision(site, 3)).time);
    t.equal(await catalog.nextRevisionTime(site, 3), undefined);
  });

  suite('what is staged is not seen', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    const { revision, newest, leftover } = await catalog.beginStaging(site);
    t.strictSame({ revision, newest, leftover }, { revision: 2, newest: 1, leftover: false });
    const b = await catalog.entryAt(site, 1, at('b'));
    if (b === undefined) throw new Error('b is not there');
    const staged: Entry = { ...b, path: at('new'), time: 9 };
    await catalog.stage(site, revision, [
      { kind: 'delete', path: at('a') },
      { kind: 'put', entry: staged },
      { kind: 'put', entry: { ...b, digest: digestOf('2') } },
    ]);
    t.equal(await catalog.staged(site, at('a')), undefined);
    t.strictSame(await catalog.staged(site, at('new')), staged);
    t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: '1', b: '1' }));
    t.match(await catalog.site('one'), { revision: 1, files: 2 });
    t.equal((await catalog.revisions(site, 10)).length, 1);
    while (await catalog.unstage(site, revision, 1));
    await catalog.endStaging(site);
    t.strictSame(
      digests(await manifest(catalog, site, 1)),
      digestsOf({ a: '1', b: '1' }),
      'taken back, row by row',
    );
    t.strictSame(await catalog.staged(site, at('b')), b);
    t.equal(await catalog.staged(site, at('new')), undefined);
    t.match(await catalog.beginStaging(site), { revision: 2, leftover: false });
  });

  t.test(`${name}: what was staged when it was closed is left over, and taken back`, async (t) => {
    const where = await place(t);
    const before = await where.open(key);
    await before.catalog.found(LOG, certified, 1);
    const publisher = new Publisher(before.catalog);
    const { id: site } = await before.catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    await before.catalog.beginStaging(site);
    await before.catalog.stage(site, 2, [{ kind: 'delete', path: at('a') }]);
    await before.catalog.sealLeaves(site, 2, -1, 10);
    await before.catalog.sealRoot(site, 2);
    await before.close();

    const after = await where.open(key);
    try {
      const { catalog } = after;
      t.match(await catalog.site('one'), { revision: 1, files: 2 });
      t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: '1', b: '1' }));
      t.match(await catalog.beginStaging(site), { revision: 2, leftover: true });
      t.match(await new Publisher(catalog).publish(site, { a: '1', b: '1' }), {
        revision: 1,
        unchanged: true,
      });
      t.match(await new Publisher(catalog).publish(site, { a: '1', b: '2' }), { revision: 2 });
      const { root } = await catalog.revision(site, 2);
      t.equal(root, rootOf(await manifest(catalog, site, 2)));
      await checkLog(t, catalog);
    } finally {
      await after.close();
    }
  });

  suite('tokens', async (t, catalog) => {
    const token = (id: string, scope: string, expires: number | null = null) =>
      catalog.createToken({ id, secret: secretOf(id), scope, edge: null, expires }, 100);
    await token('a', 'admin');
    await token('b', 'publish:one', 1000);
    await token('c', 'join');
    await token('d', 'read');
    t.equal(await catalog.authenticate('a', secretOf('a'), 200), 'admin');
    t.equal(await catalog.authenticate('a', secretOf('b'), 200), undefined, 'the secret of another');
    t.equal(await catalog.authenticate('x', secretOf('a'), 200), undefined, 'an unknown one');
    t.equal(await catalog.authenticate('b', secretOf('b'), 999), 'publish:one');
    t.equal(await catalog.authenticate('b', secretOf('b'), 1000), undefined, 'one that has just expired');
    t.equal(await catalog.authenticate('c', secretOf('c'), 200), undefined, 'one for joining');
    await catalog.revokeToken('d', 300);
    t.equal(await catalog.authenticate('d', secretOf('d'), 300), undefined, 'a revoked one');
    await catalog.revokeToken('d', 301);
    await t.rejects(catalog.revokeToken('x', 300), { code: 'no-such-token' });
    t.strictSame(await catalog.tokens(1000), [
      { id: 'a', scope: 'admin', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'b', scope: 'publish:one', edge: null, created: 100, expires: 1000, state: 'expired' },
      { id: 'c', scope: 'join', edge: null, created: 100, expires: null, state: 'valid' },
      { id: 'd', scope: 'read', edge: null, created: 100, expires: null, state: 'revoked' },
    ]);
    t.equal(JSON.stringify(await catalog.tokens(1)).includes(digestOf('a')), false, 'no secret is told');
  });

  suite('an edge joins once with its token', async (t, catalog) => {
    const token = { id: 't', secret: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, expires: 1000 }, 100);
    const joined = await catalog.join(joinRequest('paris'), token, 500);
    t.strictSame(joined, { seq: 2 });
    const [record] = await catalog.records(2, 1);
    t.match(record, { kind: 'member', critical: true, site: 0, time: 500 });
    t.strictSame(JSON.parse(record?.payload ?? ''), {
      name: 'paris',
      region: 'eu',
      lat: 48.8,
      lon: null,
      publicKey: edgeKey.publicKey,
      revoked: false,
    });
    t.strictSame(
      await catalog.join(joinRequest('paris'), token, 5000),
      joined,
      'its answer can be asked for again',
    );
    t.match(await catalog.tokens(500), [{ id: 't', state: 'used' }]);
    const other = generateSigningKey().publicKey;
    await t.rejects(catalog.join(joinRequest('paris', { publicKey: other }), token, 500), {
      code: 'bad-join-token',
    });
    await t.rejects(catalog.join(joinRequest('rome', { publicKey: other }), token, 500), {
      code: 'bad-join-token',
    });
    t.strictSame(await catalog.edges(), [
      {
        name: 'paris',
        region: 'eu',
        lat: 48.8,
        lon: null,
        publicKey: edgeKey.publicKey,
        lastSeen: null,
        report: null,
      },
    ]);
    t.equal(await checkLog(t, catalog), 2);
  });

  suite('joins that are refused change nothing', async (t, catalog) => {
    const create = async (id: string, changes: { scope?: string; edge?: string; expires?: number }) => {
      const token = { id, secret: secretOf(id) };
      const scope = changes.scope ?? 'join';
      await catalog.createToken(
        { ...token, scope, edge: changes.edge ?? null, expires: changes.expires ?? null },
        1,
      );
      return token;
    };
    const good = await create('good', {});
    await catalog.join(joinRequest('taken'), await create('first', {}), 10);
    const revoked = await create('revoked', {});
    await catalog.revokeToken('revoked', 10);
    const bound = await create('bound', { edge: 'rome' });
    const key = { publicKey: generateSigningKey().publicKey };
    const table: [string, { id: string; secret: Buffer }, string, string][] = [
      ['an unknown token', { id: 'x', secret: secretOf('x') }, 'oslo', 'bad-join-token'],
      ['a wrong secret', { id: 'good', secret: secretOf('x') }, 'oslo', 'bad-join-token'],
      ['an API token', await create('api', { scope: 'admin' }), 'oslo', 'bad-join-token'],
      ['an expired one', await create('expired', { expires: 10 }), 'oslo', 'bad-join-token'],
      ['a revoked one', revoked, 'oslo', 'bad-join-token'],
      ['one bound to another edge', bound, 'oslo', 'bad-join-token'],
      ['a name that is taken', good, 'taken', 'name-taken'],
    ];
    const head = await checkLog(t, catalog);
    for (const [title, token, edge, code] of table) {
      await t.rejects(catalog.join(joinRequest(edge, key), token, 10), { code }, title);
    }
    t.equal(await checkLog(t, catalog), head);
    t.equal((await catalog.edges()).length, 1);
    await catalog.join(joinRequest('oslo', key), good, 10);
    await catalog.join(joinRequest('rome', key), bound, 10);
    t.strictSame(
      (await catalog.edges()).map((edge) => edge.name),
      ['oslo', 'rome', 'taken'],
    );
  });

  suite('one token, many at once: one edge', async (t, catalog) => {
    const token = { id: 't', secret: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, expires: null }, 1);
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => catalog.join(joinRequest(`edge-${i}`), token, 10)),
    );
    t.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    t.equal((await catalog.edges()).length, 1);
  });

  suite('reports and receipts', async (t, catalog, publisher) => {
    const token = { id: 't', secret: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, expires: null }, 1);
    await catalog.join(joinRequest('paris'), token, 2);
    const report = { position: 4, version: '1', sites: [], receipts: [] };
    await catalog.saveReports([
      { name: 'paris', lastSeen: 7, report },
      { name: 'unknown', lastSeen: 7, report },
    ]);
    t.match(await catalog.edges(), [{ name: 'paris', lastSeen: 7, report }]);
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.change(site, 0, { a: 'one' });
    await publisher.change(site, 1, { a: 'two' });
    const roots = [1, 2].map(async (revision) => (await catalog.revision(site, revision)).root);
    const [first, second] = await Promise.all(roots);
    if (first === undefined || second === undefined) throw new Error('two revisions were made');
    const receipt = (edge: string, revision: number, since = 1): Receipt => ({
      log: LOG,
      epoch: 1,
      edge,
      site,
      revision,
      root: revision === 1 ? first : second,
      seq: 4,
      since,
      covers: 'all',
      sig: 'checked before',
    });
    await catalog.addReceipts([receipt('rome', 1), receipt('paris', 1), receipt('paris', 2)]);
    await catalog.addReceipts([receipt('paris', 1, 99)]);
    t.strictSame(
      await catalog.receipts(1, 1),
      [receipt('paris', 1), receipt('rome', 1)],
      'the first one stays',
    );
    t.strictSame(await catalog.receipts(1, 2), [receipt('paris', 2)]);
    const untrue = [
      { ...receipt('rome', 2), root: first },
      receipt('paris', 3),
      { ...receipt('rome', 1), site: 2 },
    ];
    await catalog.addReceipts(untrue);
    t.strictSame(await catalog.receipts(1, 2), [receipt('paris', 2)], 'not one with another root');
    t.strictSame(await catalog.receipts(1, 3), [], 'nor one of a revision that is not');
    t.strictSame(await catalog.receipts(2, 1), []);
  });

  suite('calls run in the order in which they were made', async (t, catalog) => {
    const names = Array.from({ length: 50 }, (_, i) => `site-${i}`);
    await Promise.all(names.map((site) => catalog.putSite(site, undefined, 1)));
    const settings = (await catalog.records(2, 100)).map(
      ({ payload }) => (JSON.parse(payload) as { name: string }).name,
    );
    t.strictSame(settings, names);
    t.strictSame([...settings].sort(), [...names].sort(), 'each once');
    t.equal(await checkLog(t, catalog), 51);
  });

  suite('sites are published at the same time', async (t, catalog, publisher) => {
    const sites = await Promise.all(['a', 'b', 'c'].map((site) => catalog.putSite(site, undefined, 1)));
    await Promise.all(
      sites.flatMap(({ id, name: site }) =>
        [1, 2, 3].map((i) => publisher.change(id, 0, { [`${site}-${i}`]: `${i}` })),
      ),
    );
    for (const { id } of sites) {
      const revisions = await catalog.revisions(id, 10);
      t.strictSame(
        revisions.map(({ revision }) => revision),
        [3, 2, 1],
      );
      for (const { revision, root } of revisions)
        t.equal(root, rootOf(await manifest(catalog, id, revision)));
    }
    t.equal(await checkLog(t, catalog), 1 + 3 + 9 * 2);
  });

  t.test(`${name}: everything is there after it was opened again`, async (t) => {
    const where = await place(t);
    const before = await where.open(key);
    await before.catalog.found(LOG, certified, 1);
    const site = await before.catalog.putSite('one', ['one.example'], 1);
    const publisher = new Publisher(before.catalog);
    await publisher.publish(site.id, { a: '1' });
    await publisher.publish(site.id, { a: '2' });
    const open = await publisher.deploy(site.id, [fileOf('b', 'not uploaded')], null);
    const seen = async (catalog: Catalog) => ({
      identity: await catalog.identity(),
      records: await catalog.records(1, 100),
      head: await catalog.head(5),
      sites: await catalog.sites(),
      revisions: await catalog.revisions(site.id, 10),
      manifest: await manifest(catalog, site.id, 2),
      deploy: await catalog.deploy(open),
      missing: await catalog.deployMissing(open, undefined, 10),
      object: await catalog.siteObject(site.id, digestOf('1')),
    });
    const expected = await seen(before.catalog);
    await before.close();

    const after = await where.open(key);
    try {
      t.strictSame(await seen(after.catalog), expected);
      await new Publisher(after.catalog).publish(site.id, { a: '3' });
      t.equal(await checkLog(t, after.catalog), expected.records.length + 2, 'the log goes on at its end');
    } finally {
      await after.close();
    }
  });
}

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t, { type Test } from 'tap';
import type { ObjectFetch } from '../../../../../edge/follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../../../../../edge/follow/fetch/object-source.ts';
import { prepareRevision } from '../../../../../edge/follow/sync/site-sync.ts';
import type { Self, Transfer } from '../../../../../edge/follow/upstream/transfer.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { openSqliteEdgeCatalog } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { asRemote } from '../../../../helpers/in-process.ts';
import { activation, edgeSite } from '../../edge-site.ts';

const SITE = 1;
const REVISION = 2;
const TRANSFER: Transfer = { signal: new AbortController().signal, bandwidths: [] };

const put = (path: string, content = path): Change => ({
  kind: 'put',
  entry: {
    ...{ path: path as ContentPath, digest: digestOf(content), size: 1, chunks: null },
    ...{ type: 'text/plain', meta: [], time: 0 },
  } satisfies Entry,
});

/** What a sync asked of the store, with the number of entries that were staged by then. */
interface Asked {
  readonly looked: { readonly digests: readonly Digest[]; readonly staged: number }[];
  readonly fetched: Digest[];
}

/** An edge that has nothing, and an upstream that has `theirs` and answers diffs with what `diff` says. */
async function prepared(
  t: Test,
  theirs: readonly Change[],
  diff: () => readonly Change[],
  { files = theirs.length, absent = [] }: { files?: number | null; absent?: readonly Digest[] } = {},
  asked: Asked = { looked: [], fetched: [] },
) {
  const file = join(t.testdir({}), 'catalog.sqlite');
  const own = openSqliteEdgeCatalog(file);
  const there = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => {
    own.close();
    there.close();
  });
  const database = new DatabaseSync(file);
  database.prepare("INSERT INTO site (id, name, domains, policy) VALUES (?, 'docs', '[]', '{}')").run(SITE);
  database.close();
  there.stage(SITE, REVISION, theirs);
  there.sealLeaves(SITE, REVISION, -1, 100_000);
  const root = there.sealRoot(SITE, REVISION) as Digest;
  const upstream = {
    async *diff() {
      yield* diff();
    },
    nodes: async () => there.nodesAt(SITE, REVISION),
    leaves: async (_caller: Self, site: number, revision: number, nodes: readonly number[]) =>
      there.leavesAt(site, revision, nodes),
    async *entries(_caller: Self, site: number, revision: number, leaves: readonly number[]) {
      for (const leaf of leaves)
        for (const entry of there.leafEntries(site, revision, leaf)) yield { kind: 'put', entry };
    },
  };
  const rows = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => rows.close());
  const objects = {
    async lacking(some: readonly Entry[]) {
      const staged = Number(rows.prepare('SELECT count(*) AS n FROM entry').get()?.n);
      asked.looked.push({ digests: some.map(({ digest }) => digest), staged });
      return some.filter(({ digest }) => absent.includes(digest));
    },
    fetch: async (_source: unknown, needed: readonly Entry[]) => {
      asked.fetched.push(...needed.map(({ digest }) => digest));
    },
  } as unknown as ObjectFetch;
  const source = { upstream, self: {}, keepEncoded: undefined } as unknown as ObjectSource;
  const site = edgeSite({ id: SITE, active: { revision: 0, root: null, seq: 0, files: null } });
  const milestone = activation(REVISION, { root, files });
  const parts = { catalog: asRemote(own), objects };
  await prepareRevision(parts, source, site, milestone, WHOLE, () => {}, TRANSFER);
  return own.manifestPage(SITE, REVISION, undefined, 1000).entries.map(({ path }) => path);
}

t.test('a diff that does not lead to the signed root is made up for by comparing', async (t) => {
  const theirs = [put('a'), put('b')];
  for (const [name, diff] of [
    ['right', () => theirs],
    ['one is missing', () => [put('a')]],
    ['one is altered', () => [put('a'), put('b', 'c')]],
    ['one is too many', () => [...theirs, put('ghost')]],
    [
      'the start is not there any more',
      () => {
        throw new SkerryError('no-longer-held', 'revision 0 is gone');
      },
    ],
  ] as const) {
    t.strictSame((await prepared(t, theirs, diff)).sort(), ['a', 'b'], name);
  }
});

t.test('other errors are not made up for', async (t) => {
  const failing = () => {
    throw new SkerryError('unavailable', 'nobody is here');
  };
  await t.rejects(prepared(t, [put('a')], failing), { code: 'unavailable' });
});

t.test('the objects of a first revision', async (t) => {
  const theirs = Array.from({ length: 2100 }, (_, i) => put(`file-${i}`));
  const digests = theirs.flatMap((change) => (change.kind === 'put' ? change.entry.digest : []));
  const absent = digests.filter((_, i) => i % 250 === 7);

  t.test(
    'are looked up when their entries are staged, and only those that are lacking are fetched',
    async (t) => {
      const asked: Asked = { looked: [], fetched: [] };
      await prepared(t, theirs, () => theirs, { absent }, asked);
      t.strictSame(
        asked.looked.flatMap(({ digests }) => digests),
        digests,
      );
      let seen = 0;
      for (const { digests, staged } of asked.looked) {
        seen += digests.length;
        t.ok(staged >= seen, `${staged} were staged when ${seen} had been looked up`);
      }
      t.strictSame(new Set(asked.fetched), new Set(absent));
    },
  );

  t.test('are all asked for after the proof when nobody signed how many there are', async (t) => {
    const asked: Asked = { looked: [], fetched: [] };
    await prepared(t, theirs, () => theirs, { absent, files: null }, asked);
    t.strictSame(asked.looked, []);
    t.strictSame(new Set(asked.fetched), new Set(digests));
  });

  t.test('are not those of a diff that names a path twice', async (t) => {
    const asked: Asked = { looked: [], fetched: [] };
    const junk = put('file-0', 'junk');
    await prepared(t, theirs, () => [junk, ...theirs], { absent: [digestOf('junk')] }, asked);
    t.notOk(asked.fetched.includes(digestOf('junk')));
    t.strictSame(new Set(asked.fetched), new Set(digests));
  });
});

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

/** An edge that has nothing, and an upstream that has `theirs` and answers diffs with what `diff` says. */
async function prepared(t: Test, theirs: readonly Change[], diff: () => readonly Change[]) {
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
  const objects = { fetch: async () => {} } as unknown as ObjectFetch;
  const source = { upstream, self: {}, keepEncoded: undefined } as unknown as ObjectSource;
  const site = edgeSite({ id: SITE, active: { revision: 0, root: null, seq: 0, files: null } });
  const milestone = activation(REVISION, { root, files: theirs.length });
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

import t from 'tap';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { openSqliteEdgeCatalog } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import { pruneSites } from '../../../../../edge/work/prune/prune-sites.ts';
import { InProcessGate } from '../../../../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../../../../shared/concurrency/keyed-lock.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import type { ObjectStore } from '../../../../../shared/store/object-store.ts';
import { asRemote } from '../../../../helpers/in-process.ts';
import { SignedLog } from '../../signed-log.ts';

const RETENTION = { ...DEFAULT_POLICY, retention: { revisions: 2, days: 0 } };

/** A site of one file that changes in every revision, over a store that only says what it is to remove. */
function world() {
  const catalog = openSqliteEdgeCatalog(':memory:');
  const log = new SignedLog();
  const store = (record: ReturnType<SignedLog['append']>) =>
    catalog.storeRecords([record], SignedLog.start());
  const settings = (deleted: boolean) =>
    store(
      log.append({
        kind: 'settings',
        payload: JSON.stringify({ name: 'docs', domains: [], deleted, policy: RETENTION }),
      }),
    );
  const stage = (revision: number) => {
    const root = digestOf(`root ${revision}`);
    catalog.beginStaging(1, revision, root);
    const entry = {
      ...{ path: 'a' as ContentPath, digest: digestOf(`${revision}`), size: 1, chunks: null },
      ...{ type: 'text/plain', meta: [], time: 0 },
    };
    catalog.stage(1, revision, [{ kind: 'put', entry }]);
    catalog.sealLeaves(1, revision, -1, 1000);
    catalog.sealRoot(1, revision);
    return { revision, root, seq: revision, files: 1 };
  };
  const removed: Digest[] = [];
  const prune = async (signal = new AbortController().signal) => {
    const fake = {
      size: async () => 1,
      remove: async (digests: readonly Digest[]) => void removed.push(...digests),
    };
    await pruneSites(
      {
        catalog: asRemote(catalog),
        store: fake as unknown as ObjectStore,
        gate: new InProcessGate(),
        manifests: new KeyedLock(),
        shown: async () => {},
        releaseAhead: async () => {},
      },
      signal,
      () => {},
    );
    return removed.splice(0).sort();
  };
  settings(false);
  return { catalog, settings, stage, prune };
}

const objects = (...revisions: number[]) => revisions.map((revision) => digestOf(`${revision}`)).sort();

t.test('what no kept revision needs goes, rows first, then objects', async (t) => {
  const { catalog, stage, prune } = world();
  for (const revision of [1, 2, 3, 4]) catalog.reveal(1, stage(revision), WHOLE, 0);
  t.strictSame(await prune(), objects(1, 2));
  t.strictSame(catalog.held(1), [3, 4]);
  t.strictSame(await prune(), [], 'a second run finds nothing');
});

t.test('while something is staged its site waits', async (t) => {
  const { catalog, stage, prune } = world();
  for (const revision of [1, 2, 3]) catalog.reveal(1, stage(revision), WHOLE, 0);
  const next = stage(4);
  t.strictSame(await prune(), []);
  catalog.reveal(1, next, WHOLE, 0);
  t.strictSame(await prune(), objects(1, 2));
});

t.test('what an earlier run has noted is removed first, unless it is named again', async (t) => {
  const { catalog, stage, prune } = world();
  for (const revision of [1, 2, 3]) catalog.reveal(1, stage(revision), WHOLE, 0);
  catalog.prune(1, [2, 3], 1000);
  t.strictSame(catalog.removals(10), objects(1));
  t.strictSame(await prune(), objects(1));
  t.strictSame(catalog.removals(10), []);
});

t.test('a deleted site loses everything', async (t) => {
  const { catalog, settings, stage, prune } = world();
  catalog.reveal(1, stage(1), WHOLE, 0);
  settings(true);
  t.strictSame(catalog.sites(), []);
  t.strictSame(await prune(), objects(1));
  t.strictSame(catalog.deletedSites(), []);
});

t.test('what was fetched for a revision that is taken back goes', async (t) => {
  const { catalog, stage, prune } = world();
  catalog.reveal(1, stage(1), WHOLE, 0);
  stage(2);
  while (catalog.unstage(1, 2, 1));
  catalog.endStaging(1);
  t.strictSame(await prune(), objects(2));
});

import t from 'tap';
import { leafOf } from '../../../../../shared/content/buckets.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { random } from '../../../../helpers/random.ts';
import { entry, expectedBuckets, plain, randomChanges, SITE, tables } from './states.ts';

const rowsOf = ({ database }: ReturnType<typeof tables>) =>
  ['entry', 'bucket'].map((table) =>
    database
      .prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`)
      .all()
      .map((row) => JSON.stringify(row)),
  );

/** A state at revision 1, sealed. */
function world() {
  const made = tables();
  const state = new Map(Array.from({ length: 40 }, (_, i) => [`file-${i}`, entry(`file-${i}`, i)]));
  made.staging.stage(
    SITE,
    1,
    [...state.values()].map((put) => ({ kind: 'put', entry: put })),
  );
  made.sealed(1);
  return { ...made, state };
}

t.test('the last change of a path counts', async (t) => {
  const { staging, sealed, state } = world();
  const path = 'file-1' as ContentPath;
  t.strictSame(staging.staged(SITE, path), state.get('file-1'));
  staging.stage(SITE, 2, [
    { kind: 'put', entry: entry(path, 100) },
    { kind: 'delete', path },
  ]);
  t.equal(staging.staged(SITE, path), undefined);
  staging.stage(SITE, 2, [{ kind: 'put', entry: entry(path, 101) }]);
  t.strictSame(staging.staged(SITE, path), entry(path, 101));
  t.equal(sealed(2), expectedBuckets(new Map([...state, [path, entry(path, 101)]])).root);
});

t.test('leaves are sealed a page at a time', async (t) => {
  const { staging, state } = world();
  const { changes, state: next } = randomChanges(state, random(3), 30);
  staging.stage(SITE, 2, changes);
  const touched = new Set(
    changes.map((change) => leafOf(change.kind === 'put' ? change.entry.path : change.path)),
  );
  let pages = 0;
  for (let after: number | undefined = -1; after !== undefined; pages++)
    after = staging.sealLeaves(SITE, 2, after, 4);
  t.ok(pages >= Math.floor(touched.size / 4), 'no more than were asked for');
  t.equal(staging.sealRoot(SITE, 2), expectedBuckets(next).root);
});

t.test('neighbouring leaves are sealed together, also when most entries of a page change', async (t) => {
  const { staging, sealed } = tables();
  const paths = neighbours(60);
  const state = new Map(paths.map((path, i) => [path, entry(path, i)]));
  staging.stage(
    SITE,
    1,
    [...state.values()].map((put) => ({ kind: 'put', entry: put })),
  );
  t.equal(sealed(1), expectedBuckets(state).root, 'of a first revision');
  for (const [i, path] of paths.entries()) {
    if (i % 3 === 0) continue;
    const put = entry(path, 1000 + i);
    if (i % 3 === 1) state.set(path, put);
    else state.delete(path);
    staging.stage(SITE, 2, [i % 3 === 1 ? { kind: 'put', entry: put } : { kind: 'delete', path: put.path }]);
  }
  for (let after: number | undefined = -1; after !== undefined; )
    after = staging.sealLeaves(SITE, 2, after, 7);
  t.equal(staging.sealRoot(SITE, 2), expectedBuckets(state).root, 'of a later one, page by page');
});

/** Paths whose leaves are close to each other. Some share one. */
function neighbours(count: number): string[] {
  const found: string[] = [];
  for (let i = 0; found.length < count; i++) if (leafOf(`file-${i}`) < 64) found.push(`file-${i}`);
  return found;
}

t.test('what is taken back leaves what was there', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const made = world();
    const before = rowsOf(made);
    const { changes } = randomChanges(made.state, random(seed), 30);
    made.staging.stage(SITE, 2, changes);
    if (seed % 2 === 0) made.sealed(2);
    if (seed % 3 === 0) made.staging.resealLeaves(SITE, 2, [leafOf('file-5'), 0, 65_535]);
    let calls = 1;
    while (made.staging.unstage(SITE, 2, 3)) calls++;
    t.ok(calls > 1, `seed ${seed}: page by page`);
    t.strictSame(
      rowsOf(made).map((rows) => rows.sort()),
      before.map((rows) => rows.sort()),
      `seed ${seed}`,
    );
  }
});

t.test('leaves that are sealed anew', async (t) => {
  const { database, staging, buckets, state } = world();
  const leaf = leafOf('file-5');
  const { root } = expectedBuckets(state);
  database.exec(`UPDATE bucket SET digest = zeroblob(32) WHERE level = 1 AND number = ${leaf}`);
  staging.resealLeaves(SITE, 2, [leaf]);
  t.equal(staging.sealRoot(SITE, 2), root, 'are right, though none of their entries has changed');
  staging.resealLeaves(SITE, 2, [leaf, leaf]);
  t.equal(staging.sealRoot(SITE, 2), root, 'again and again');
  const [before] = buckets.leavesAt(SITE, 1, [leaf >> 8]).filter(({ number }) => number === leaf);
  t.strictSame(before && plain([before]), [`${leaf} ${'0'.repeat(64)}`], 'what is shown is not touched');
});

t.test('a leaf without entries has no digest', async (t) => {
  const { database, staging, state } = world();
  const taken = new Set([...state.keys()].map(leafOf));
  const empty = [0, 1, 2, 3, 4].find((leaf) => !taken.has(leaf)) ?? 0;
  database.exec(
    `INSERT INTO bucket SELECT site, level, ${empty}, from_rev, to_rev, digest FROM bucket WHERE level = 1 LIMIT 1`,
  );
  staging.resealLeaves(SITE, 2, [empty]);
  t.equal(staging.sealRoot(SITE, 2), expectedBuckets(state).root);
});

t.test('what was sealed and is then taken away leaves no trace', async (t) => {
  const { staging, sealed, state } = world();
  const path = 'new' as ContentPath;
  staging.stage(SITE, 2, [{ kind: 'put', entry: entry(path, 1) }]);
  sealed(2);
  staging.stage(SITE, 2, [{ kind: 'delete', path }]);
  staging.resealLeaves(SITE, 2, [leafOf(path)]);
  t.equal(sealed(2), expectedBuckets(state).root);
});

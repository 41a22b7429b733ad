import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import type { DiffCursor } from '../../../../../shared/content/manifest/reading.ts';
import { openBucketReader } from '../../../../../shared/content/manifest/sqlite/buckets.ts';
import { openPruning, pruningIndexes } from '../../../../../shared/content/manifest/sqlite/pruning.ts';
import { openManifestReader } from '../../../../../shared/content/manifest/sqlite/reading.ts';
import { manifestTables } from '../../../../../shared/content/manifest/sqlite/schema.ts';
import { openStaging } from '../../../../../shared/content/manifest/sqlite/staging.ts';
import { openDatabase } from '../../../../../shared/sqlite/open.ts';
import { type Random, random } from '../../../../helpers/random.ts';

/** Entries by path of one revision. */
type State = ReadonlyMap<string, Entry>;

const sizeOf = (content: number) => 100 + content;
const listOf = (content: number) => digestOf(`list ${content}`);

function entry(path: string, content: number, time: number): Entry {
  return {
    path: path as ContentPath,
    digest: digestOf(`content ${content}`),
    size: sizeOf(content),
    // Some have chunk lists: objects that are named by another column.
    chunks: content % 3 === 0 ? listOf(content) : null,
    type: 'text/plain',
    meta: [],
    time,
  };
}

/** Sites with a history, in SQLite and as plain maps side by side. */
class World {
  readonly database = openDatabase(':memory:', [manifestTables + pruningIndexes]);
  readonly staging = openStaging(this.database);
  readonly reader = openManifestReader(this.database);
  readonly buckets = openBucketReader(this.database);
  readonly pruning = openPruning(this.database);
  readonly histories = new Map<number, State[]>();

  history(site: number): State[] {
    const found = this.histories.get(site);
    if (found !== undefined) return found;
    const made: State[] = [new Map()];
    this.histories.set(site, made);
    return made;
  }

  stage(site: number, revision: number, numbers: Random): State {
    const state = new Map(this.history(site).at(-1));
    const changes: Change[] = [];
    for (let i = numbers.below(6); i >= 0; i--) {
      const path = `file-${numbers.below(12)}`;
      if (numbers.below(4) === 0) {
        changes.push({ kind: 'delete', path: path as ContentPath });
        state.delete(path);
      } else {
        const put = entry(path, numbers.below(30), revision);
        changes.push({ kind: 'put', entry: put });
        state.set(path, put);
      }
    }
    this.staging.stage(site, revision, changes);
    this.staging.sealLeaves(site, revision, -1, 100_000);
    this.staging.sealRoot(site, revision);
    return state;
  }

  publish(site: number, numbers: Random): void {
    const history = this.history(site);
    history.push(this.stage(site, history.length, numbers));
  }

  rows(): number {
    const count = (table: string) =>
      Number(this.database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
    return count('entry') + count('bucket');
  }

  named(): Set<string> {
    const rows = this.database.prepare('SELECT hex(digest) AS d, hex(chunks) AS c FROM entry').all();
    return new Set(
      rows.flatMap(({ d, c }) => [String(d).toLowerCase(), String(c).toLowerCase()]).filter(Boolean),
    );
  }

  manifest(site: number, revision: number): Entry[] {
    return this.reader.manifestPage(site, revision, undefined, 1000).entries.toSorted(byPath);
  }

  diff(site: number, from: number, to: number): string[] {
    const changes: string[] = [];
    let cursor: DiffCursor | undefined;
    do {
      const page = this.reader.diffPage(site, from, to, cursor, 3);
      for (const change of page.changes) changes.push(JSON.stringify(change));
      cursor = page.next;
    } while (cursor !== undefined);
    return changes.sort();
  }

  /** Everything that can be asked about the kept revisions. */
  view(site: number, keep: readonly number[]) {
    const revisions = keep.filter((revision) => revision > 0);
    return {
      manifests: revisions.map((revision) => this.manifest(site, revision)),
      nodes: revisions.map((revision) => this.buckets.nodesAt(site, revision)),
      leaves: revisions.map((revision) =>
        this.buckets.leavesAt(
          site,
          revision,
          Array.from({ length: 256 }, (_, i) => i),
        ),
      ),
      diffs: keep.flatMap((from) => keep.map((to) => this.diff(site, from, to))),
    };
  }

  pruneToTheEnd(site: number, keep: readonly number[], limit: number) {
    const total = { rows: 0, objects: 0, bytes: 0, digests: new Set<Digest>() };
    for (let more = true; more; ) {
      const page = this.pruning.prune(site, keep, limit);
      total.rows += page.rows;
      total.objects += page.objects;
      total.bytes += page.bytes;
      for (const digest of page.digests) total.digests.add(digest);
      more = page.more;
    }
    return total;
  }
}

/** As t.strictSame, which writes down what is equal, too: of all that a history holds that takes most of the time. */
function same(t: Test, found: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(found, expected)) t.pass(what);
  else t.strictSame(found, expected, what);
}

const byPath = (a: Entry, b: Entry) => (a.path < b.path ? -1 : 1);
const plain = ({ rows, objects, bytes }: { rows: number; objects: number; bytes: number }) => ({
  rows,
  objects,
  bytes,
});

function checkKept(t: Test, world: World, site: number, keep: readonly number[]): void {
  for (const revision of keep) {
    const expected = [...(world.history(site)[revision]?.values() ?? [])].sort(byPath);
    same(t, world.manifest(site, revision), expected, `manifest of ${site}@${revision}`);
  }
}

const ROUNDS = 15;

t.test('what is kept stays as it was, and nothing else stays: random histories', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  for (let round = 0; round < ROUNDS; round++) {
    const numbers = random(seed + round);
    const world = new World();
    const revisions = 2 + numbers.below(12);
    for (let i = 0; i < revisions; i++) for (const site of [1, 2]) world.publish(site, numbers);
    const keep = [revisions];
    for (let r = 1; r < revisions; r++) if (numbers.below(3) === 0) keep.push(r);
    const isStaged = numbers.below(2) === 0;
    const staged = isStaged ? world.stage(1, revisions + 1, numbers) : undefined;
    const expected = world.view(1, [0, ...keep]);
    const before = { rows: world.rows(), named: world.named() };

    const forecast = world.pruning.reclaimable(1, keep);
    t.equal(world.rows(), before.rows, 'a forecast takes nothing');
    const pruned = world.pruneToTheEnd(1, keep, 1 + numbers.below(20));
    t.strictSame(plain(pruned), forecast, `round ${round}: as forecast`);
    t.equal(before.rows - world.rows(), pruned.rows);
    same(t, world.view(1, [0, ...keep]), expected, `round ${round}: what is kept is as it was`);
    checkKept(t, world, 1, keep);
    const gone = [...before.named].filter((digest) => !world.named().has(digest)).sort();
    t.strictSame([...pruned.digests].sort(), gone, `round ${round}: digests that nothing names`);
    t.strictSame(
      world.pruning.prune(1, keep, 10),
      { digests: [], rows: 0, objects: 0, bytes: 0, more: false },
      'done is done',
    );

    const kept = [...keep, ...(isStaged ? [revisions + 1] : [])];
    const stray = world.database
      .prepare(
        'SELECT from_rev, to_rev FROM entry WHERE site = 1 UNION ALL SELECT from_rev, to_rev FROM bucket WHERE site = 1',
      )
      .all()
      .filter((row) => !kept.some((k) => Number(row.from_rev) <= k && Number(row.to_rev) > k));
    t.strictSame(stray, [], `round ${round}: no row is left that is valid nowhere`);

    if (staged !== undefined) {
      t.strictSame(
        world.manifest(1, revisions + 1),
        [...staged.values()].sort(byPath),
        'what is staged is whole',
      );
      while (world.staging.unstage(1, revisions + 1, 5));
      same(t, world.view(1, [0, ...keep]), expected, 'and can be taken back');
    }
    world.publish(1, numbers);
    checkKept(t, world, 1, [...keep, revisions + 1]);
    checkKept(t, world, 2, [revisions]);
    const everything = world.pruneToTheEnd(1, [], 50);
    t.ok(everything.rows > 0);
    t.equal(
      world.reader.manifestPage(1, revisions + 1, undefined, 10).entries.length,
      0,
      'nothing to keep: all goes',
    );
    t.strictSame(
      world.pruning.forecast([{ site: 2, keep: [] }]).map(({ rows }) => rows),
      [world.rows()],
      'of that site alone',
    );
    world.database.close();
  }
});

t.test('sites that share objects: each counts where its last name goes', async (t) => {
  const world = new World();
  const put = (path: string, content: number, time: number): Change => ({
    kind: 'put',
    entry: entry(path, content, time),
  });
  for (const site of [1, 2]) {
    world.staging.stage(site, 1, [put('a', 1, 1), put(`own-${site}`, site + 3, 1)]);
    world.staging.stage(site, 2, [
      { kind: 'delete', path: 'a' as ContentPath },
      { kind: 'delete', path: `own-${site}` as ContentPath },
    ]);
  }
  t.match(world.pruning.reclaimable(1, [2]), { rows: 2, objects: 1, bytes: sizeOf(4) }, 'the other names it');
  const forecast = world.pruning.forecast([1, 2].map((site) => ({ site, keep: [2] })));
  t.match(forecast, [
    { objects: 1, bytes: sizeOf(4) },
    { objects: 2, bytes: sizeOf(1) + sizeOf(5) },
  ]);
  t.strictSame(plain(world.pruneToTheEnd(1, [2], 10)), forecast[0]);
  t.strictSame(plain(world.pruneToTheEnd(2, [2], 10)), forecast[1]);
  world.database.close();
});

t.test('the state above what is kept is what the next is staged over: it stays', async (t) => {
  const numbers = random(7);
  const world = new World();
  for (let i = 0; i < 3; i++) world.publish(1, numbers);
  t.match(world.pruneToTheEnd(1, [2], 10), {}, 'keep does not name the newest');
  checkKept(t, world, 1, [2]);
  t.strictSame(world.manifest(1, 3).length, world.history(1)[3]?.size, 'it is there all the same');
  t.strictSame(world.pruning.prune(1, [0], 10).rows, 0, 'nothing was published: nothing goes');
  world.database.close();
});

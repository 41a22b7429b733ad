import { DatabaseSync } from 'node:sqlite';
import t, { type Test } from 'tap';
import { stageByComparison, stageLeaves } from '../../../../../edge/follow/sync/compare.ts';
import type { Self, Transfer } from '../../../../../edge/follow/upstream/transfer.ts';
import type { Upstream } from '../../../../../edge/follow/upstream/upstream.ts';
import type { EdgeCatalogCalls } from '../../../../../edge/store/catalog.ts';
import { openSqliteEdgeCatalog } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import { leafOf, nodeOf } from '../../../../../shared/content/buckets.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { asRemote } from '../../../../helpers/in-process.ts';
import { random } from '../../../../helpers/random.ts';

const SITE = 1;
const REVISION = 2;
const TRANSFER: Transfer = { signal: new AbortController().signal, bandwidths: [] };
const CALLER = {} as Self;

type State = ReadonlyMap<string, Entry>;

const entry = (path: string, content: string | number, type = 'text/plain'): Entry => ({
  ...{ path: path as ContentPath, digest: digestOf(`${content}`), size: 1, chunks: null },
  ...{ type, meta: [], time: 0 },
});
const stateOf = (...entries: Entry[]): State => new Map(entries.map((one) => [one.path, one]));
const puts = (state: State): Change[] => [...state.values()].map((one) => ({ kind: 'put', entry: one }));
const ascending = (numbers: Iterable<number>) => [...new Set(numbers)].sort((a, b) => a - b);

function seal(catalog: EdgeCatalogCalls, revision: number): string {
  catalog.sealLeaves(SITE, revision, -1, 100_000);
  return catalog.sealRoot(SITE, revision);
}

function entriesAt(catalog: EdgeCatalogCalls, revision: number): Entry[] {
  return [...catalog.manifestPage(SITE, revision, undefined, 100_000).entries];
}

/** A replica that shows one state, and an upstream that has another, with what was asked of it. */
function world(t: Test, own: State, theirs: State, file = ':memory:') {
  const catalog = openSqliteEdgeCatalog(file);
  const there = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => {
    catalog.close();
    there.close();
  });
  catalog.stage(SITE, 1, puts(own));
  seal(catalog, 1);
  there.stage(SITE, REVISION, puts(theirs));
  const root = seal(there, REVISION);
  const asked = { nodes: 0, leaves: [] as number[], entries: [] as number[][] };
  const fake = {
    async nodes() {
      asked.nodes++;
      return there.nodesAt(SITE, REVISION);
    },
    async leaves(_caller: Self, site: number, revision: number, nodes: readonly number[]) {
      asked.leaves.push(...nodes);
      return there.leavesAt(site, revision, nodes);
    },
    async *entries(_caller: Self, site: number, revision: number, leaves: readonly number[]) {
      asked.entries.push([...leaves]);
      for (const leaf of leaves)
        for (const one of there.leafEntries(site, revision, leaf)) yield { kind: 'put', entry: one };
    },
  };
  const upstream = fake as unknown as Upstream;
  const parts = { catalog: asRemote(catalog), upstream, self: CALLER };
  const compare = async () => {
    await stageByComparison(parts, SITE, 1, REVISION, TRANSFER);
    return seal(catalog, REVISION);
  };
  return { catalog, there, root, asked, fake, parts, compare };
}

/** The leaves in which two states are not the same. */
function differingLeaves(own: State, theirs: State): number[] {
  const paths = [...own.keys(), ...theirs.keys()];
  const isSame = (path: string) => JSON.stringify(own.get(path)) === JSON.stringify(theirs.get(path));
  return ascending(paths.filter((path) => !isSame(path)).map(leafOf));
}

t.test('whatever differs is repaired, and nothing else travels', async (t) => {
  for (let seed = 1; seed <= 25; seed++) {
    const numbers = random(seed);
    const size = numbers.below(200);
    const own = new Map<string, Entry>();
    for (let i = 0; i < size; i++) own.set(`file-${i}`, entry(`file-${i}`, i));
    const theirs = new Map(own);
    for (let i = numbers.below(30); i > 0; i--) {
      const path = `file-${numbers.below(size + 20)}`;
      const kind = numbers.below(4);
      if (kind === 0) theirs.delete(path);
      else if (kind === 1) own.delete(path);
      else if (kind === 2) theirs.set(path, entry(path, 'other'));
      else theirs.set(path, entry(path, path.slice(5), 'text/html'));
    }
    const { catalog, there, root, asked, compare } = world(t, own, theirs);
    const before = entriesAt(catalog, 1);
    t.equal(await compare(), root, `seed ${seed}: the root is that of the upstream`);
    t.strictSame(
      entriesAt(catalog, REVISION),
      entriesAt(there, REVISION),
      `seed ${seed}: so are the entries`,
    );
    t.strictSame(entriesAt(catalog, 1), before, `seed ${seed}: what is shown stays as it was`);
    const leaves = differingLeaves(own, theirs);
    t.strictSame(asked.entries.flat(), leaves, `seed ${seed}: entries of the leaves that differ`);
    t.strictSame(asked.leaves, ascending(leaves.map(nodeOf)), `seed ${seed}: leaves of their nodes`);
  }
});

t.test('the same state costs one request', async (t) => {
  const state = stateOf(entry('a', 1), entry('b', 2));
  const { root, asked, compare } = world(t, state, state);
  t.equal(await compare(), root);
  t.strictSame(asked, { nodes: 1, leaves: [], entries: [] });
});

t.test('from nothing, and to nothing', async (t) => {
  const state = stateOf(entry('a', 1), entry('b', 2));
  for (const [own, theirs] of [
    [stateOf(), state],
    [state, stateOf()],
    [stateOf(), stateOf()],
  ] as const) {
    const { root, compare } = world(t, own, theirs);
    t.equal(await compare(), root);
  }
});

t.test('many leaves are asked for in parts', async (t) => {
  const theirs = stateOf(...Array.from({ length: 1200 }, (_, i) => entry(`file-${i}`, i)));
  const { root, asked, compare } = world(t, stateOf(), theirs);
  t.equal(await compare(), root);
  t.equal(asked.entries.length, 3);
  t.ok(asked.entries.every(({ length }) => length <= 512));
});

t.test('what is not of the leaves asked for is refused, and not staged', async (t) => {
  const own = stateOf(entry('a', 1), entry('b', 2));
  const theirs = stateOf(entry('a', 9), entry('b', 2));
  const cases: [string, Change][] = [
    ['an entry of another leaf', { kind: 'put', entry: entry('b', 3) }],
    ['an entry that is in no state', { kind: 'put', entry: entry('c', 3) }],
    ['a deletion', { kind: 'delete', path: 'a' as ContentPath }],
  ];
  for (const [name, change] of cases) {
    const { catalog, fake, compare } = world(t, own, theirs);
    fake.entries = async function* () {
      yield { kind: 'put', entry: entry('a', 9) };
      yield change as { kind: 'put'; entry: Entry };
    };
    await t.rejects(compare(), { code: 'upstream-protocol' }, name);
    t.strictSame(entriesAt(catalog, REVISION), entriesAt(catalog, 1), name);
  }
});

t.test('a lie leads to another root', async (t) => {
  const own = stateOf(entry('a', 1), entry('b', 2));
  const theirs = stateOf(entry('a', 9), entry('b', 2));
  const lies: [string, () => AsyncGenerator<{ kind: string; entry: Entry }>][] = [
    [
      'an altered entry',
      async function* () {
        yield { kind: 'put', entry: entry('a', 8) };
      },
    ],
    ['an entry left out', async function* () {}],
  ];
  for (const [name, entries] of lies) {
    const { root, fake, compare } = world(t, own, theirs);
    fake.entries = entries;
    t.not(await compare(), root, name);
  }
});

t.test('an answer that never ends is refused', async (t) => {
  const { fake, parts } = world(t, stateOf(), stateOf(entry('a', 1)));
  let sent = 0;
  fake.entries = async function* () {
    for (; sent < 100_000; sent++) yield { kind: 'put', entry: entry('a', 1) };
  };
  const staging = stageLeaves(parts, SITE, REVISION, [leafOf('a')], TRANSFER).then(
    () => 'taken',
    ({ code }) => code,
  );
  t.equal(await staging, 'upstream-protocol');
});

t.test('an answer of ever new entries is refused by their bytes', async (t) => {
  const paths = Array.from({ length: 40_000 }, (_, i) => `file-${i}`);
  const [first = ''] = paths;
  const mine = paths.filter((path) => nodeOf(leafOf(path)) === nodeOf(leafOf(first)));
  const leaves = ascending(mine.map(leafOf));
  const { fake, parts } = world(t, stateOf(), stateOf(entry(first, 1)));
  const padding = [['x', 'y'.repeat(300_000)]] as [string, string][];
  let sent = 0;
  fake.entries = async function* () {
    for (const path of mine) {
      sent++;
      yield { kind: 'put', entry: { ...entry(path, 1), meta: padding } };
    }
  };
  await t.rejects(stageLeaves(parts, SITE, REVISION, leaves, TRANSFER), { code: 'upstream-protocol' });
  t.ok(sent > 100 && sent < 120, `${sent} of ${mine.length}`);
});

t.test('digests that were damaged on disk are made anew', async (t) => {
  const state = stateOf(...Array.from({ length: 40 }, (_, i) => entry(`file-${i}`, i)));
  const leaf = leafOf('file-7');
  const damage = (level: number, number: number) =>
    `UPDATE bucket SET digest = zeroblob(32) WHERE level = ${level} AND number = ${number};`;
  const cases: [name: string, sql: string][] = [
    ['a leaf and its node', damage(1, leaf) + damage(0, nodeOf(leaf))],
    [
      'a leaf that is too many',
      damage(0, nodeOf(leaf)) +
        `INSERT INTO bucket
      SELECT site, level, number + (CASE number % 256 WHEN 255 THEN -1 ELSE 1 END), from_rev, to_rev, digest
      FROM bucket WHERE level = 1 AND number = ${leaf};`,
    ],
    ['a node alone', damage(0, nodeOf(leaf))],
  ];
  for (const [i, [name, sql]] of cases.entries()) {
    const file = `${t.testdir()}/catalog-${i}.sqlite`;
    const { root, compare } = world(t, state, state, file);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    t.equal(await compare(), root, name);
  }
});

t.test('files are deleted although the digests of their buckets were lost on disk', async (t) => {
  const theirs = stateOf(...Array.from({ length: 40 }, (_, i) => entry(`file-${i}`, i)));
  const stray = 'stray';
  t.notOk(
    [...theirs.keys()].some((path) => nodeOf(leafOf(path)) === nodeOf(leafOf(stray))),
    'the file is alone in its buckets',
  );
  const own = new Map(theirs).set(stray, entry(stray, 'stray'));
  const lose = (level: number, number: number) =>
    `DELETE FROM bucket WHERE level = ${level} AND number = ${number};`;
  const cases: [name: string, sql: string][] = [
    ['the leaf', lose(1, leafOf(stray))],
    ['the node', lose(0, nodeOf(leafOf(stray)))],
    ['both', lose(1, leafOf(stray)) + lose(0, nodeOf(leafOf(stray)))],
  ];
  for (const [i, [name, sql]] of cases.entries()) {
    const file = `${t.testdir()}/catalog-${i}.sqlite`;
    const { catalog, root, compare } = world(t, own, theirs, file);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    t.equal(await compare(), root, name);
    t.notOk(
      entriesAt(catalog, REVISION).some(({ path }) => path === stray),
      `${name}: the file is gone`,
    );
  }
});

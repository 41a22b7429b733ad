import t from 'tap';
import { leafOf, nodeOf } from '../../../../../shared/content/buckets.ts';
import { random } from '../../../../helpers/random.ts';
import { entry, expectedBuckets, plain, randomChanges, SITE, type State, tables } from './states.ts';

const state = new Map(Array.from({ length: 30 }, (_, i) => [`f${i}`, entry(`f${i}`, i)]));
const node = nodeOf(leafOf('f7'));

function world() {
  const made = tables();
  made.staging.stage(
    SITE,
    1,
    [...state.values()].map((put) => ({ kind: 'put', entry: put })),
  );
  made.sealed(1);
  const stored = () => text(made.buckets.nodesAt(SITE, 1).find(({ number }) => number === node)?.digest);
  const recomputed = () => text(made.audit.auditNode(SITE, 1, node).digest);
  return { ...made, stored, recomputed };
}

const text = (digest: Uint8Array | null | undefined) => digest && Buffer.from(digest).toString('hex');

t.test('what is computed from the entries is what is stored', async (t) => {
  const { audit, buckets } = world();
  const recomputed = Array.from({ length: 256 }, (_, number) => ({
    number,
    digest: audit.auditNode(SITE, 1, number).digest,
  })).flatMap(({ number, digest }) => (digest === null ? [] : [{ number, digest }]));
  t.strictSame(plain(recomputed), plain(buckets.nodesAt(SITE, 1)));
  t.strictSame(plain(recomputed), plain(expectedBuckets(state).nodes));
});

t.test('an empty node has no digest', async (t) => {
  const { audit } = world();
  t.equal(audit.auditNode(SITE, 0, node).digest, null);
  t.equal(audit.auditNode(SITE + 1, 1, node).digest, null);
});

t.test('damage to entries shows, whatever the stored digests say', async (t) => {
  const at = "WHERE path = 'f7'";
  for (const sql of [
    `UPDATE entry SET digest = zeroblob(32) ${at}`,
    `UPDATE entry SET size = size + 1 ${at}`,
    `UPDATE entry SET type = 'text/html' ${at}`,
    `UPDATE entry SET meta = '[]' ${at}`,
    `UPDATE entry SET time = 0 ${at}`,
    `UPDATE entry SET chunks = zeroblob(32) ${at}`,
    `DELETE FROM entry ${at}`,
  ]) {
    const { database, recomputed, stored } = world();
    t.equal(recomputed(), stored());
    database.exec(sql);
    t.not(recomputed(), stored(), sql);
  }
});

t.test('damage to digests changes nothing that is computed', async (t) => {
  const { database, recomputed, stored } = world();
  const before = recomputed();
  database.exec('UPDATE bucket SET digest = zeroblob(32); UPDATE entry SET hash = zeroblob(32)');
  t.equal(recomputed(), before);
  t.not(stored(), before);
});

t.test('the first and the last leaf of a node count', async (t) => {
  const { staging, audit, buckets, sealed } = tables();
  const paths = Array.from({ length: 2000 }, (_, i) => `f${i}`);
  const outer = paths.filter((path) => [0, 255].includes(leafOf(path) % 256));
  staging.stage(
    SITE,
    1,
    outer.map((path, i) => ({ kind: 'put', entry: entry(path, i) })),
  );
  sealed(1);
  t.strictSame(new Set(outer.map((path) => leafOf(path) % 256)), new Set([0, 255]));
  for (const { number, digest } of buckets.nodesAt(SITE, 1))
    t.equal(text(audit.auditNode(SITE, 1, number).digest), text(digest), `${number}`);
});

t.test('stored digests that are damaged show, and are made anew', async (t) => {
  const leaf = leafOf('f7');
  const bucket = (level: number, number: number) => `WHERE level = ${level} AND number = ${number}`;
  const empty = Array.from({ length: 256 }, (_, i) => node * 256 + i).find(
    (number) => ![...state.keys()].some((path) => leafOf(path) === number),
  );
  const copy = `INSERT INTO bucket SELECT site, level, ${empty}, from_rev, to_rev, digest FROM bucket`;
  for (const sql of [
    `UPDATE bucket SET digest = zeroblob(32) ${bucket(1, leaf)}`,
    `UPDATE bucket SET digest = zeroblob(32) ${bucket(0, node)}`,
    `DELETE FROM bucket ${bucket(1, leaf)}`,
    `DELETE FROM bucket ${bucket(0, node)}`,
    `${copy} ${bucket(1, leaf)}`,
    "UPDATE entry SET hash = zeroblob(32) WHERE path = 'f7'",
  ]) {
    const { database, audit, buckets } = world();
    t.equal(audit.auditNode(SITE, 1, node).isStored, true);
    database.exec(sql);
    t.equal(audit.auditNode(SITE, 1, node).isStored, false, sql);
    audit.remakeNode(SITE, 1, node);
    t.equal(audit.auditNode(SITE, 1, node).isStored, true, `${sql}: made anew`);
    t.strictSame(plain(buckets.nodesAt(SITE, 1)), plain(expectedBuckets(state).nodes));
  }
});

/** Six revisions, of random changes that are the same each time. */
function history() {
  const numbers = random(7);
  const made = tables();
  const states: State[] = [new Map()];
  for (let revision = 1; revision <= 6; revision++) {
    const { changes, state } = randomChanges(states[revision - 1] ?? new Map(), numbers, 40);
    made.staging.stage(SITE, revision, changes);
    made.sealed(revision);
    states.push(state);
  }
  const leaves = Array.from({ length: 60 }, (_, i) => leafOf(`file-${i}`));
  const entriesAt = (revision: number) =>
    leaves
      .flatMap((leaf) => made.buckets.leafEntries(SITE, revision, leaf))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  const stateAt = (revision: number) => states[revision] ?? new Map();
  return { ...made, stateAt, entriesAt };
}

t.test('a damaged revision of the past is mended, and no other revision changes', async (t) => {
  const nodes = Array.from({ length: 256 }, (_, node) => node);
  const damages = [
    ['type = type', 'the disk is well'],
    ["type = 'x/y'", 'every row of this revision, whatever else it is valid for'],
    ['hash = zeroblob(32)', 'stored hashes'],
  ] as const;
  for (const [change, what] of damages) {
    for (const damaged of [2, 3, 5]) {
      const { database, audit, buckets, stateAt, entriesAt } = history();
      const at = `from_rev <= ${damaged} AND to_rev > ${damaged}`;
      const others = [1, 2, 3, 4, 5, 6].filter((revision) => revision !== damaged);
      database.exec(`UPDATE entry SET ${change} WHERE ${at}`);
      database.exec(`UPDATE bucket SET digest = zeroblob(32) WHERE ${at} AND number % 3 = 0`);
      database.exec(`DELETE FROM entry WHERE ${at} AND id % 5 = 0`);
      database.exec(`DELETE FROM bucket WHERE ${at} AND number % 5 = 0`);
      const before = others.map((revision) => [entriesAt(revision), buckets.nodesAt(SITE, revision)]);
      const state = stateAt(damaged);
      for (const node of nodes) {
        const right = [...state.values()].filter(({ path }) => nodeOf(leafOf(path)) === node);
        audit.mendNode(SITE, damaged, node, right);
      }
      const wanted = [...state.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      t.strictSame(entriesAt(damaged), wanted, `${what}: revision ${damaged}`);
      t.strictSame(plain(buckets.nodesAt(SITE, damaged)), plain(expectedBuckets(state).nodes));
      t.ok(nodes.every((node) => audit.auditNode(SITE, damaged, node).isStored));
      t.strictSame(
        others.map((revision) => [entriesAt(revision), buckets.nodesAt(SITE, revision)]),
        before,
        'the others are as they were, damaged or not',
      );
    }
  }
});

import t from 'tap';
import { leafOf, nodeOf } from '../../../../shared/buckets.ts';
import { entry, expectedBuckets, plain, SITE, tables } from './states.ts';

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
  const recomputed = () => text(made.audit.recomputedNode(SITE, 1, node));
  return { ...made, stored, recomputed };
}

const text = (digest: Uint8Array | null | undefined) => digest && Buffer.from(digest).toString('hex');

t.test('what is computed from the entries is what is stored', async (t) => {
  const { audit, buckets } = world();
  const recomputed = Array.from({ length: 256 }, (_, number) => ({
    number,
    digest: audit.recomputedNode(SITE, 1, number),
  })).flatMap(({ number, digest }) => (digest === null ? [] : [{ number, digest }]));
  t.strictSame(plain(recomputed), plain(buckets.nodesAt(SITE, 1)));
  t.strictSame(plain(recomputed), plain(expectedBuckets(state).nodes));
});

t.test('an empty node has no digest', async (t) => {
  const { audit } = world();
  t.equal(audit.recomputedNode(SITE, 0, node), null);
  t.equal(audit.recomputedNode(SITE + 1, 1, node), null);
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
    t.equal(text(audit.recomputedNode(SITE, 1, number)), text(digest), `${number}`);
});

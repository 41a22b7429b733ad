import t from 'tap';
import {
  EMPTY_ROOT,
  LEAF_COUNT,
  leafDigest,
  leafOf,
  leavesOf,
  NODE_COUNT,
  nodeDigest,
  nodeOf,
  rootDigest,
} from '../../../../shared/content/buckets.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { type Entry, entryHash } from '../../../../shared/content/entry.ts';
import { cssEntry, indexEntry, svgEntry } from '../fixed-entries.ts';
import { ROOT } from '../fixed-keys.ts';

interface Bucket {
  id: number;
  digest: Buffer;
}

function bucket(id: number, digest: Buffer | null): Bucket {
  if (digest === null) throw new Error(`bucket ${id} is empty`);
  return { id, digest };
}

const group = <T>(items: readonly T[], key: (item: T) => number) =>
  [...Map.groupBy(items, key)].sort(([a], [b]) => a - b);

function rootOf(entries: readonly Entry[]): Digest {
  const byPath = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const leaves = group(byPath, ({ path }) => leafOf(path)).map(([id, some]) =>
    bucket(id, leafDigest(some.map(entryHash))),
  );
  const nodes = group(leaves, ({ id }) => nodeOf(id)).map(([id, some]) => bucket(id, nodeDigest(some)));
  return rootDigest(nodes);
}

t.test('roots of none, one and three entries are the frozen ones', async (t) => {
  // Computed with a second implementation in Python.
  t.equal(EMPTY_ROOT, '2eebea4d71c35242d429633aa4facd0b16bdc78291788673ffee7a69517fba3e');
  t.equal(rootOf([]), EMPTY_ROOT);
  t.equal(rootOf([indexEntry]), '03bbca53b0ec44076a2c304aa61bde784caffbf4d18ea909f0faa32443d0b606');
  t.equal(rootOf([indexEntry, cssEntry, svgEntry]), ROOT);
});

t.test('the root of an empty site is that of its prefix', async (t) => {
  t.equal(EMPTY_ROOT, digestOf('skerry-root-1\n'));
});

t.test('a leaf is named by the first two bytes of the path’s hash, a node by the first', async (t) => {
  for (const path of ['index.html', 'css/site.css', 'img/ö #1?.svg']) {
    const hash = digestOf(path);
    t.equal(leafOf(path), Number.parseInt(hash.slice(0, 4), 16));
    t.equal(nodeOf(leafOf(path)), Number.parseInt(hash.slice(0, 2), 16));
  }
  t.equal(leafOf('index.html'), 3765);
  t.equal(leafOf('css/site.css'), 31_023);
  t.equal(leafOf('img/ö #1?.svg'), 40_647);
});

t.test('the nodes divide all leaves without gap or overlap', async (t) => {
  let next = 0;
  for (let node = 0; node < NODE_COUNT; node++) {
    const { first, last } = leavesOf(node);
    t.equal(first, next);
    t.equal(nodeOf(first), node);
    t.equal(nodeOf(last), node);
    next = last + 1;
  }
  t.equal(next, LEAF_COUNT);
});

t.test('an empty bucket has no digest', async (t) => {
  t.equal(leafDigest([]), null);
  t.equal(nodeDigest([]), null);
});

t.test('a leaf hashes its entry hashes, a node its numbered leaves', async (t) => {
  const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  t.equal(leafDigest([a, b])?.toString('hex'), digestOf(Buffer.concat([a, b])));
  t.equal(
    nodeDigest([
      { id: 0x0102, digest: a },
      { id: 0xffff, digest: b },
    ])?.toString('hex'),
    digestOf(Buffer.concat([Buffer.from([1, 2]), a, Buffer.from([255, 255]), b])),
  );
  t.not(leafDigest([a, b])?.toString('hex'), leafDigest([b, a])?.toString('hex'), 'the order counts');
});

t.test('a change of one entry, a missing one and an extra one show in the root', async (t) => {
  const all = [indexEntry, cssEntry, svgEntry];
  const roots = [
    rootOf(all),
    rootOf([{ ...indexEntry, size: 16 }, cssEntry, svgEntry]),
    rootOf([indexEntry, cssEntry]),
    rootOf([...all, { ...indexEntry, path: 'extra.html' as Entry['path'] }]),
  ];
  t.equal(new Set(roots).size, roots.length);
});

t.test('a digest moved to another bucket number changes the root', async (t) => {
  const digest = Buffer.alloc(32, 7);
  t.not(rootDigest([{ id: 1, digest }]), rootDigest([{ id: 2, digest }]));
});

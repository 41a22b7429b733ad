import t from 'tap';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { type Entry, entryHash, entryTuple } from '../../../../shared/content/entry.ts';
import { cssEntry, indexEntry, svgEntry } from '../fixed-entries.ts';

const hex = (entry: Entry) => entryHash(entry).toString('hex');

t.test('the tuple has the seven fields in order', async (t) => {
  t.same(entryTuple(indexEntry), [
    'index.html',
    '320a24004f649a98b65535e7c06bd8df344e10a3d006316ac63dbbacb1db0203',
    15,
    null,
    'text/html',
    [],
    1_767_225_600_000,
  ]);
});

t.test('entry hashes are the frozen ones', async (t) => {
  // Computed with Python's hashlib and json.
  t.equal(hex(indexEntry), '136f1273620dcbab579a97a8fc6bb8d0789c232359e3bb1a8aff7a037bbb7ba9');
  t.equal(hex(cssEntry), '0df8546117819b698e68eb8883fb4bbb27829c1fe72fd982ebb10c9d54e868bb');
  t.equal(hex(svgEntry), '6a9a6da173bbb35c8c5c6ebe374c2e0307db2a83b6be0f2d058fae4dda340411');
});

t.test('the hash is SHA-256 over compact JSON with chunk list and metadata', async (t) => {
  const text = `["a \\"q\\"","${'0'.repeat(64)}",2000000,"${'1'.repeat(64)}","text/plain",[["a","1"],["b","ö"]],5]`;
  const entry = {
    path: 'a "q"' as ContentPath,
    digest: '0'.repeat(64) as Entry['digest'],
    size: 2_000_000,
    chunks: '1'.repeat(64) as Entry['digest'],
    type: 'text/plain',
    meta: [
      ['a', '1'],
      ['b', 'ö'],
    ] as const,
    time: 5,
  };
  t.equal(hex(entry), digestOf(text));
});

t.test('the order of the object’s fields does not matter', async (t) => {
  const { path, ...rest } = indexEntry;
  t.equal(hex({ ...rest, path }), hex(indexEntry));
});

t.test('every field changes the hash', async (t) => {
  const changes: Partial<Entry>[] = [
    { path: 'index.htm' as ContentPath },
    { digest: digestOf('other') },
    { size: 16 },
    { chunks: digestOf('list') },
    { type: 'text/plain' },
    { meta: [['cache-control', 'no-store']] },
    { time: indexEntry.time + 1 },
  ];
  const hashes = changes.map((change) => hex({ ...indexEntry, ...change }));
  t.equal(new Set([hex(indexEntry), ...hashes]).size, changes.length + 1);
});

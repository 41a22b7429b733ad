import t from 'tap';
import { FolderContent } from '../../../../../origin/client/folder/folder-content.ts';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import { leafOf, NODE_COUNT, nodeOf } from '../../../../../shared/content/buckets.ts';
import { contentDigest, contentText } from '../../../../../shared/content/content-digest.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

const file = (path: string, content = path): HashedFile => ({
  ...{ path: path as ContentPath, file: `/site/${path}`, size: content.length, stamp: undefined },
  digest: digestOf(content),
});
const folder = (...files: HashedFile[]) => {
  const content = new FolderContent();
  content.add(files);
  return content;
};
const published = (texts: ReadonlyMap<number, string[]>) => ({
  nodes: Array.from({ length: NODE_COUNT }, (_, node) => contentDigest(texts.get(node) ?? [])),
});
const textOf = (path: string, type: string, meta = '[]') =>
  contentText({ path, digest: digestOf(path), type, meta });
const paths = ['a.html', 'é.txt', 'none'];

t.test('a folder equals what its publish would store', async (t) => {
  const texts = new Map<number, string[]>();
  const types: Record<string, string> = { 'a.html': 'text/html', 'é.txt': 'text/plain' };
  for (const path of paths)
    texts.set(nodeOf(leafOf(path)), [textOf(path, types[path] ?? 'application/octet-stream')]);
  t.equal(texts.size, 3, 'each has a node of its own');
  const same = published(texts);
  t.strictSame(folder(...paths.map((path) => file(path))).nodesUnlike(same), []);
  t.strictSame(folder().nodesUnlike(published(new Map())), []);
  const nodeOfA = nodeOf(leafOf('a.html'));
  const changed = folder(file('a.html', 'other'), file('é.txt'), file('none'));
  t.strictSame(changed.nodesUnlike(same), [nodeOfA], 'a change');
  t.strictSame(changed.filesIn([nodeOfA]), [file('a.html', 'other')]);
  t.strictSame(folder(file('é.txt'), file('none')).nodesUnlike(same), [nodeOfA], 'a deletion');
  texts.set(nodeOfA, [textOf('a.html', 'text/html', '[["cache-control","no-store"]]')]);
  const stored = published(texts);
  t.strictSame(folder(...paths.map((path) => file(path))).nodesUnlike(stored), [nodeOfA], 'stored fields');
});

t.test('the order of the files does not matter', async (t) => {
  const files = Array.from({ length: 2000 }, (_, i) => file(`é/${i}.txt`));
  const inOrder = files
    .toSorted((a, b) => leafOf(a.path) - leafOf(b.path) || (a.path < b.path ? -1 : 1))
    .map(({ path }) => ({ node: nodeOf(leafOf(path)), text: textOf(path, 'text/plain') }));
  const texts = Map.groupBy(inOrder, ({ node }) => node);
  const leaves = new Set(files.map(({ path }) => leafOf(path)));
  t.ok(leaves.size < files.length, 'some share a leaf');
  const digests = published(new Map([...texts].map(([node, all]) => [node, all.map(({ text }) => text)])));
  t.strictSame(folder(...files).nodesUnlike(digests).length, 0);
  t.strictSame(folder(...files.toReversed()).nodesUnlike(digests).length, 0);
});

import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { hashFiles } from '../../../../../origin/client/folder/hash-files.ts';
import { scanFolder } from '../../../../../origin/client/folder/scan.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../../../shared/content/small-object.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';

const { signal } = new AbortController();
const hashThreads = startHashThreads(2);
t.teardown(() => hashThreads.close());

t.test('digests and sizes of small and large files in many folders', async (t) => {
  const folder = t.testdir({});
  const contents = new Map<string, string>();
  for (let i = 0; i < 600; i++) contents.set(`dir-${i % 7}/sub/${i}.txt`, 'x'.repeat(i % 50));
  contents.set('middle.bin', 'm'.repeat(SMALL_OBJECT + 1));
  contents.set('dir-3/large.bin', 'l'.repeat(1_500_000));
  contents.set('dir-3/sub/larger.bin', 'L'.repeat(2_500_000));
  for (const [path, content] of contents) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const { files: found } = await scanFolder(folder);
  const told = new Set<string>();
  const note = (files: readonly { readonly path: string }[]) => {
    for (const { path } of files) told.add(path);
  };
  const files = await hashFiles(found, hashThreads, note, signal);
  t.strictSame(
    Object.fromEntries(files.map(({ path, digest, size }) => [path, { digest, size }])),
    Object.fromEntries(
      [...contents].map(([path, content]) => [path, { digest: digestOf(content), size: content.length }]),
    ),
  );
  t.equal(told.size, contents.size, 'each file is told when it is hashed');
  t.strictSame(
    files
      .filter(({ stamp }) => stamp !== undefined)
      .map(({ path }) => path as string)
      .sort(),
    ['dir-3/large.bin', 'dir-3/sub/larger.bin', 'middle.bin'],
    'files whose content is not compared later have a stamp',
  );
});

t.test('a file or a folder that has gone since the scan is told by its name', async (t) => {
  const folder = t.testdir({ 'a.txt': 'a', sub: { 'b.txt': 'b' } });
  const { files } = await scanFolder(folder);
  const hash = () => hashFiles(files, hashThreads, () => {}, signal);
  rmSync(join(folder, 'sub'), { recursive: true });
  await t.rejects(hash(), { code: 'file-changed', message: /^sub\/b\.txt changed/ });
  writeFileSync(join(folder, 'sub'), 'a file now');
  await t.rejects(hash(), { code: 'file-changed', message: /^sub\/b\.txt changed/ });
  rmSync(join(folder, 'a.txt'));
  await t.rejects(hash(), { code: 'file-changed', message: /^a\.txt changed/ });
});

t.test('an abort ends the hashing of a large file', async (t) => {
  const folder = t.testdir({ endless: '' });
  truncateSync(join(folder, 'endless'), 2 ** 40);
  const stop = new AbortController();
  const threads = startHashThreads(1);
  stop.signal.addEventListener('abort', () => void threads.stop());
  const hashing = hashFiles((await scanFolder(folder)).files, threads, () => {}, stop.signal);
  const refused = t.rejects(hashing, { name: 'AbortError' });
  stop.abort();
  await refused;
});

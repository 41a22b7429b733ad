import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { moveDurably, syncFolder, writeDurably } from '../../../../shared/files/durable-file.ts';

t.test('writes text and bytes, readable by the owner alone unless told otherwise', async (t) => {
  const folder = t.testdir();
  await writeDurably(join(folder, 'text'), 'größe\n');
  t.equal(await readFile(join(folder, 'text'), 'utf8'), 'größe\n');
  t.equal((await stat(join(folder, 'text'))).mode & 0o777, 0o600);

  await writeDurably(join(folder, 'bytes'), Uint8Array.of(0, 255), 0o640);
  t.same([...(await readFile(join(folder, 'bytes')))], [0, 255]);
  t.equal((await stat(join(folder, 'bytes'))).mode & 0o777, 0o640);
});

t.test('replaces a file whole and leaves nothing beside it', async (t) => {
  const folder = t.testdir({ file: 'a longer text than the new one' });
  await writeDurably(join(folder, 'file'), 'new');
  t.equal(await readFile(join(folder, 'file'), 'utf8'), 'new');
  t.same(await readdir(folder), ['file']);
});

t.test('a failed write leaves the old file and nothing beside it', async (t) => {
  const folder = t.testdir({ place: { inside: 'kept' } });
  await t.rejects(writeDurably(join(folder, 'place'), 'a file cannot replace a full folder'));
  t.same(await readdir(folder), ['place']);
  t.equal(await readFile(join(folder, 'place/inside'), 'utf8'), 'kept');
});

t.test('fails in a folder that is not there', async (t) => {
  await t.rejects(writeDurably(join(t.testdir(), 'none/file'), 'x'), { code: 'ENOENT' });
});

t.test('concurrent writers leave one of their texts, whole', async (t) => {
  const folder = t.testdir();
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(5000));
  await Promise.all(texts.map((text) => writeDurably(join(folder, 'file'), text)));
  t.ok(texts.includes(await readFile(join(folder, 'file'), 'utf8')));
  t.same(await readdir(folder), ['file']);
});

t.test('moves a file over another one and between folders', async (t) => {
  const folder = t.testdir({ to: 'old' });
  await mkdir(join(folder, 'drafts'));
  await writeFile(join(folder, 'drafts/from'), 'new');
  await moveDurably(join(folder, 'drafts/from'), join(folder, 'to'));
  t.equal(await readFile(join(folder, 'to'), 'utf8'), 'new');
  t.same(await readdir(join(folder, 'drafts')), []);
});

t.test('syncing a folder that is not there fails', async (t) => {
  const folder = t.testdir();
  await syncFolder(folder);
  await t.rejects(syncFolder(join(folder, 'none')), { code: 'ENOENT' });
});

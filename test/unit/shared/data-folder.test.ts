import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { FORMAT_FILE, openDataFolder } from '../../../shared/data-folder.ts';

t.test('creates the folder, for its owner alone, and marks it', async (t) => {
  const path = join(t.testdir(), 'deep/data');
  const folder = await openDataFolder(path, 'origin');
  t.teardown(() => folder.release());
  t.equal(folder.path, path);
  t.equal((await stat(path)).mode & 0o777, 0o700);
  t.same(JSON.parse(await readFile(join(path, FORMAT_FILE), 'utf8')), { role: 'origin', format: 1 });
});

t.test('opens what it created again, after it was released', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'edge')).release();
  (await openDataFolder(path, 'edge')).release();
});

t.test('refuses a folder that is in use, until it is released', async (t) => {
  const path = t.testdir();
  const first = await openDataFolder(path, 'edge');
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-in-use' });
  first.release();
  (await openDataFolder(path, 'edge')).release();
});

t.test('refuses a folder of the other role', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'origin')).release();
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-foreign', message: /origin/ });
  (await openDataFolder(path, 'origin')).release();
});

t.test('refuses a newer format', async (t) => {
  const path = t.testdir({ [FORMAT_FILE]: '{"role":"edge","format":2}' });
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-newer' });
});

t.test('refuses a folder with files of others, and adds nothing to it', async (t) => {
  const path = t.testdir({ 'index.html': 'mine' });
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-foreign' });
  await t.rejects(stat(join(path, FORMAT_FILE)), { code: 'ENOENT' });
});

t.test('dotfiles do not make a folder foreign', async (t) => {
  (await openDataFolder(t.testdir({ '.gitkeep': '' }), 'edge')).release();
});

t.test('refuses a marker that it cannot read', async (t) => {
  for (const marker of ['', '{', '{}', '{"role":"edge"}', '{"role":"edge","format":"1"}']) {
    const path = t.testdir({ [FORMAT_FILE]: marker });
    await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-foreign' }, marker);
  }
});

t.test('refuses a place where no folder can be', async (t) => {
  const path = t.testdir({ file: 'x' });
  await t.rejects(openDataFolder(join(path, 'file'), 'edge'), { code: 'bad-config' });
  await t.rejects(openDataFolder(join(path, 'file/data'), 'edge'), { code: 'bad-config' });
});

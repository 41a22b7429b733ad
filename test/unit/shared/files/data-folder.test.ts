import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openDataFolder } from '../../../../shared/files/data-folder.ts';
import { FORMAT_FILE } from '../../../../shared/files/format-file.ts';

const MODULE = join(import.meta.dirname, '../../../../shared/files/folder-lock.ts');

/** Takes the lock of the folder, says what came of it, and stays. */
const OPEN_AND_STAY = `
const [module, folder] = process.argv.slice(1);
import(module)
  .then(({ lockFolder }) => lockFolder(folder))
  .then((release) => process.once('exit', release) && console.log('open'), ({ code }) => console.log(code));
process.stdin.resume();`;

/** As a user could who may only read the file. */
const HOLD_SHARED = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1], { readOnly: true });
database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
console.log('held');
setInterval(() => database.isOpen, 1000);`;

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
  const mode = (await stat(path)).mode & 0o777;
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-foreign' });
  await t.rejects(stat(join(path, FORMAT_FILE)), { code: 'ENOENT' });
  t.equal((await stat(path)).mode & 0o777, mode, 'nor takes it away from others');
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

t.test('what somebody made readable for others is for its owner alone from then on', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'origin')).release();
  await mkdir(join(path, 'objects'));
  await writeFile(join(path, 'catalog.sqlite'), '');
  for (const name of ['.', 'objects']) await chmod(join(path, name), 0o777);
  for (const name of ['catalog.sqlite', 'lock', FORMAT_FILE]) await chmod(join(path, name), 0o666);
  await symlink('/etc/hostname', join(path, 'link'));
  const before = (await stat('/etc/hostname')).mode;

  (await openDataFolder(path, 'origin')).release();
  for (const name of ['.', 'objects']) t.equal((await stat(join(path, name))).mode & 0o777, 0o700, name);
  for (const name of ['catalog.sqlite', 'lock', FORMAT_FILE])
    t.equal((await stat(join(path, name))).mode & 0o777, 0o600, name);
  t.equal((await stat('/etc/hostname')).mode, before, 'what a link leads to stays as it is');
});

t.test(
  'refuses the folder of another user',
  { skip: process.getuid?.() !== 0 && 'only root gives folders away' },
  async (t) => {
    const path = t.testdir();
    await chown(path, 12_345, 12_345);
    await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-foreign', message: /another user/ });
    t.strictSame(await readdir(path), [], 'and adds nothing to it');
  },
);

t.test('a file named lock that is none of ours holds nobody up', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'edge')).release();
  for (const content of ['12345\n', 'x'.repeat(10_000)]) {
    await writeFile(join(path, 'lock'), content);
    const folder = await openDataFolder(path, 'edge');
    await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-in-use' }, 'the new one is held');
    folder.release();
  }
  (await openDataFolder(path, 'edge')).release();
});

t.test('who could only read the lock, and holds it so, holds nobody up', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'edge')).release();
  const reader = spawn(process.execPath, ['-e', HOLD_SHARED, join(path, 'lock')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => reader.kill('SIGKILL'));
  await once(reader.stdout, 'data');
  const folder = await openDataFolder(path, 'edge');
  await t.rejects(openDataFolder(path, 'edge'), { code: 'data-folder-in-use' }, 'the new one is held');
  folder.release();
  (await openDataFolder(path, 'edge')).release();
});

t.test('so does who holds the lock of a start', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'edge')).release();
  t.notOk((await readdir(path)).includes('lock-start'), 'each start has a file of its own');
  await writeFile(join(path, 'lock-start'), '');
  const reader = spawn(process.execPath, ['-e', HOLD_SHARED, join(path, 'lock-start')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => reader.kill('SIGKILL'));
  await once(reader.stdout, 'data');
  (await openDataFolder(path, 'edge')).release();
  (await openDataFolder(path, 'edge')).release();
});

t.test('of many that start at the same time, over a foreign lock, one gets the folder', async (t) => {
  const path = t.testdir();
  (await openDataFolder(path, 'edge')).release();
  await writeFile(join(path, 'lock'), 'foreign');
  const starters = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['-e', OPEN_AND_STAY, MODULE, path], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  t.teardown(() => {
    for (const starter of starters) starter.kill('SIGKILL');
  });
  const outcomes = await Promise.all(
    starters.map(async (starter) => String((await once(starter.stdout, 'data'))[0]).trim()),
  );
  t.strictSame(outcomes.sort(), [...Array(3).fill('data-folder-in-use'), 'open']);
});

t.test(
  'what holds the folder is told with its process',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const path = t.testdir();
    (await openDataFolder(path, 'edge')).release();
    const holder = spawn(process.execPath, ['-e', OPEN_AND_STAY, MODULE, path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    await t.rejects(openDataFolder(path, 'edge'), {
      code: 'data-folder-in-use',
      message: new RegExp(`${holder.pid}`),
    });
  },
);

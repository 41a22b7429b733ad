import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readLeftOut } from '../../../../../origin/client/folder/left-out.ts';
import { type FoundFile, scanFile, scanFolder } from '../../../../../origin/client/folder/scan.ts';
import { FORMAT_FILE } from '../../../../../shared/files/data-folder.ts';

const names = (found: readonly FoundFile[]) => found.map(({ path }) => path as string).sort();
const scanned = async (folder: string) => names((await scanFolder(folder)).files);

t.test('every file of the tree', async (t) => {
  const root = t.testdir({
    'index.html': 'hello',
    empty: '',
    '.dotfile': 'x',
    '.well-known': { 'security.txt': 'y' },
    _headers: '/*',
    dir: { sub: { 'é ü.txt': '12345678' } },
    nothing: {},
  });
  const { files: found } = await scanFolder(root);
  t.strictSame(
    names(found),
    ['.well-known/security.txt', '_headers', 'dir/sub/é ü.txt', 'empty', 'index.html'].sort(),
  );
  const index = found.find(({ path }) => path === 'index.html');
  t.equal(index?.file, join(root, 'index.html'));
});

t.test('an empty folder publishes nothing', async (t) => {
  t.strictSame(await scanFolder(t.testdir({})), { files: [], leftOut: 0 });
});

t.test('Git and data folders are never published, wherever they are', async (t) => {
  const root = t.testdir({
    '.git': { config: 'secret', objects: { ab: 'x' } },
    '.skerry': { origin: { 'signing-key.pem': 'secret' } },
    git: { 'a.txt': 'published' },
    data: { [FORMAT_FILE]: '{}', 'signing-key.pem': 'secret', objects: { a: 'secret' } },
    lib: {
      '.git': { config: 'secret' },
      'a.js': 'published',
      deep: { [FORMAT_FILE]: '{}', 'x.pem': 'secret' },
    },
    submodule: { '.git': 'gitdir: ../.git/modules/submodule', 'b.js': 'published' },
  });
  t.strictSame(
    (await scanned(root)).filter((path) => path !== 'submodule/.git'),
    ['git/a.txt', 'lib/a.js', 'submodule/b.js'].sort(),
  );
  await t.rejects(scanned(join(root, 'data')), { code: 'not-a-folder' }, 'nor as the folder to publish');
});

t.test("a submodule's .git is a file, and is not published either", async (t) => {
  const root = t.testdir({ submodule: { '.git': 'gitdir: ../.git/modules/submodule', 'b.js': 'x' } });
  t.strictSame(await scanned(root), ['submodule/b.js']);
  t.equal(await scanFile(root, 'submodule/.git'), undefined);
});

t.test('links within the folder are followed', async (t) => {
  const root = t.testdir({
    'a.txt': 'hello',
    dir: { 'b.txt': 'hello b' },
    'to-a': t.fixture('symlink', 'a.txt'),
    'to-dir': t.fixture('symlink', 'dir'),
    'to-link': t.fixture('symlink', 'to-a'),
    sub: { up: t.fixture('symlink', '../a.txt') },
  });
  const { files: found } = await scanFolder(root);
  t.strictSame(names(found), ['a.txt', 'dir/b.txt', 'sub/up', 'to-a', 'to-dir/b.txt', 'to-link'].sort());
  t.equal(found.find(({ path }) => path === 'to-link')?.file, join(root, 'a.txt'), 'to where they lead');
});

t.test('an absolute link within the folder is followed', async (t) => {
  const root = t.testdir({ 'a.txt': 'hello' });
  symlinkSync(join(root, 'a.txt'), join(root, 'absolute'));
  t.strictSame(await scanned(root), ['a.txt', 'absolute']);
});

t.test('a folder that is a link itself can be published', async (t) => {
  const base = t.testdir({
    real: { 'a.txt': 'x', link: t.fixture('symlink', 'a.txt') },
    site: t.fixture('symlink', 'real'),
  });
  t.strictSame(await scanned(join(base, 'site')), ['a.txt', 'link']);
});

t.test('a link that leads out refuses the whole folder', async (t) => {
  const table: [string, string][] = [
    ['to a file beside it', '../outside.txt'],
    ['to a folder beside it', '../outside'],
    ['to the folder above', '..'],
    ['to a folder whose name begins alike', '../site-2/secret.txt'],
    ['to the system', '/etc/passwd'],
    ['to nothing', 'nothing'],
    ['to nothing outside', '../nothing'],
  ];
  for (const [name, target] of table) {
    await t.test(name, async (t) => {
      const base = t.testdir({
        'outside.txt': 'secret',
        outside: { 'a.txt': 'secret' },
        'site-2': { 'secret.txt': 'secret' },
        site: { 'index.html': 'x', sub: {} },
      });
      symlinkSync(target.replace(/^\.\./, '../..'), join(base, 'site/sub/link'));
      await t.rejects(scanFolder(join(base, 'site')), { code: 'symlink-outside', message: /sub\/link/ });
      const one = scanFile(join(base, 'site'), 'sub/link');
      await t.rejects(one, { code: 'symlink-outside' });
    });
  }
});

t.test('a link through a link leads out, too', async (t) => {
  const base = t.testdir({
    secret: { key: 'secret' },
    site: { a: t.fixture('symlink', 'b'), b: t.fixture('symlink', '../secret') },
  });
  await t.rejects(scanFolder(join(base, 'site')), { code: 'symlink-outside' });
});

t.test('loops are refused', async (t) => {
  for (const target of ['.', '..', '../../site']) {
    await t.test(target, async (t) => {
      const base = t.testdir({ site: { sub: { 'a.txt': 'x', loop: t.fixture('symlink', target) } } });
      await t.rejects(scanFolder(join(base, 'site')), { code: 'symlink-loop', message: /sub\/loop/ });
    });
  }
  const root = t.testdir({ a: t.fixture('symlink', 'b'), b: t.fixture('symlink', 'a') });
  await t.rejects(scanFolder(root), { code: 'symlink-loop' }, 'two links that lead to each other');
});

t.test('a link to a private folder publishes nothing of it', async (t) => {
  const root = t.testdir({
    '.git': { config: 'secret' },
    data: { [FORMAT_FILE]: '{}', key: 'secret' },
    'to-data': t.fixture('symlink', 'data'),
  });
  t.strictSame(await scanned(root), []);
});

t.test('a link into Git under another name publishes nothing of it', async (t) => {
  const root = t.testdir({
    '.git': { config: 'secret' },
    '.skerry': { origin: { 'admin-token': 'secret' } },
    history: t.fixture('symlink', '.git'),
    config: t.fixture('symlink', '.git/config'),
    token: t.fixture('symlink', '.skerry/origin/admin-token'),
  });
  const published = await scanned(root).catch(() => []);
  t.strictSame(published, []);
});

t.test('names that cannot be published refuse the folder', async (t) => {
  const table = ['back\\slash', 'line\nfeed', 'bell\u0007'];
  for (const name of table) {
    const root = t.testdir({ [name.length]: { ok: '' } });
    mkdirSync(join(root, 'sub'));
    writeFileSync(join(root, 'sub', name), '');
    await t.rejects(scanFolder(root), { code: 'bad-path' }, JSON.stringify(name));
  }
  const root = t.testdir({ sub: {} });
  writeFileSync(Buffer.concat([Buffer.from(join(root, 'sub', 'latin-')), Buffer.from([0xe9])]), '');
  await t.rejects(scanFolder(root), { code: 'bad-path', message: /"sub\/latin-.*" is not UTF-8$/ });
});

t.test('what is neither file nor folder refuses the folder', async (t) => {
  const root = t.testdir({ 'a.txt': 'x' });
  execFileSync('mkfifo', [join(root, 'pipe')]);
  await t.rejects(scanFolder(root), { code: 'not-a-file', message: /^pipe / });
  await t.rejects(scanFile(root, 'pipe'), { code: 'not-a-file' });
});

t.test('what cannot be published is told by its name', async (t) => {
  const root = t.testdir({ file: 'x', dangling: t.fixture('symlink', 'nowhere') });
  await t.rejects(scanFolder(join(root, 'nothing')), {
    code: 'not-a-folder',
    message: /nothing does not exist/,
  });
  await t.rejects(scanFolder(join(root, 'file')), { code: 'not-a-folder', message: /is not a folder/ });
  await t.rejects(scanFolder(join(root, 'dangling')), { code: 'not-a-folder' });
  await t.rejects(scanFile(join(root, 'nothing'), 'a'), { code: 'not-a-folder' });
});

t.test('one file, as a full scan finds it', async (t) => {
  const root = t.testdir({
    'a.txt': 'hello',
    dir: { 'b.txt': 'b' },
    '.git': { config: 'secret' },
    '.skerry': { key: 'secret' },
    link: t.fixture('symlink', 'a.txt'),
  });
  const all = new Map((await scanFolder(root)).files.map((found) => [found.path as string, found]));
  for (const path of ['a.txt', 'dir/b.txt', 'link'])
    t.strictSame(await scanFile(root, path), all.get(path), path);
  for (const path of [
    'gone',
    'dir',
    'dir/gone',
    'a.txt/below',
    '.git/config',
    '.skerry/key',
    'gone/.git/x',
  ]) {
    t.equal(await scanFile(root, path), undefined, path);
  }
});

t.test('one file of a data folder with a name of its own is not found either', async (t) => {
  const root = t.testdir({ data: { [FORMAT_FILE]: '{}', key: 'secret', deep: { x: 'secret' } } });
  t.strictSame(await scanned(root), []);
  t.equal(await scanFile(root, 'data/key'), undefined);
  t.equal(await scanFile(root, 'data/deep/x'), undefined);
});

t.test('one file below a link that leads out is refused, as by a full scan', async (t) => {
  const base = t.testdir({
    secret: { key: 'secret' },
    site: { out: t.fixture('symlink', '../secret') },
  });
  await t.rejects(scanFolder(join(base, 'site')), { code: 'symlink-outside' });
  await t.rejects(scanFile(join(base, 'site'), 'out/key'), { code: 'symlink-outside' });
});

t.test('what is left out is counted, and not looked into', async (t) => {
  const root = t.testdir({
    '.env': 'secret',
    '.skerryignore': '/drafts/\n*.map\n',
    '.git': { config: 'secret' },
    'index.html': 'x',
    'index.html~': 'x',
    'a.map': 'x',
    drafts: { 'b.html': 'x', 'c.html': 'x' },
    node_modules: { out: t.fixture('symlink', '../..'), 'a.js': 'x' },
    '.cache': { gone: t.fixture('symlink', 'nowhere') },
    lib: { '.DS_Store': 'x', 'a.js': 'x', drafts: { 'd.html': 'x' } },
  });
  const look = async (...includes: string[]) => {
    const rules = await readLeftOut(root, includes);
    const { files, leftOut } = await scanFolder(root, rules);
    for (const { path } of files) t.match(await scanFile(root, path, rules), { path });
    return { files: names(files), leftOut };
  };
  const published = ['index.html', 'lib/a.js', 'lib/drafts/d.html'];
  t.strictSame(await look(), { files: published, leftOut: 7 });
  t.strictSame(await look('*.map', '/drafts/c.html'), {
    files: [...published, 'a.map', 'drafts/c.html'].sort(),
    leftOut: 6,
  });
  const rules = await readLeftOut(root, []);
  for (const path of ['.env', '.skerryignore', 'a.map', 'drafts/b.html', 'node_modules/a.js', '.cache/x'])
    t.equal(await scanFile(root, path, rules), undefined, path);
});

t.test('the folder that was named is not left out', async (t) => {
  const root = t.testdir({ node_modules: { '.out': { 'index.html': 'x' } } });
  t.strictSame(await scanned(join(root, 'node_modules/.out')), ['index.html']);
});

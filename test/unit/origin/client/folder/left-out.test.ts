import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { leftOut, readLeftOut } from '../../../../../origin/client/folder/left-out.ts';

const PATHS = [
  ...['index.html', '_headers', 'a b/é.txt', 'img/~tilde.png', 'a.swp.txt', '#1.html', '..a/b~c'],
  ...['.env', '.DS_Store', 'sub/.env', '.git-like/config', 'a.txt~', 'sub/b.swp', '.b.swo', 'x/#auto#'],
  ...['.well-known/security.txt', 'sub/.well-known/x', '.well-known/.hidden'],
  ...['node_modules/three/three.js', 'lib/node_modules/x.js', 'node_modules.html', '.skerryignore'],
];

const kept = (ignoreFile: string, ...includes: string[]) => {
  const rules = leftOut(ignoreFile, includes);
  return PATHS.filter((path) => {
    const parents = path.split('/').slice(0, -1);
    const isWalked = parents.every((_, i) => !rules.folder(parents.slice(0, i + 1).join('/')));
    return isWalked && !rules.file(path);
  });
};

const DEFAULT = [
  ...['index.html', '_headers', 'a b/é.txt', 'img/~tilde.png', 'a.swp.txt', '#1.html'],
  ...['.well-known/security.txt', 'sub/.well-known/x', 'node_modules.html'],
];
const sorted = (paths: readonly string[]) => [...paths].sort();

t.test('what is left out of a folder', async (t) => {
  const table: [string, string, string[], string[]][] = [
    ['by default', '', [], DEFAULT],
    ['more of it', '*.html\n# a comment\n\n/img/\n', [], DEFAULT.filter((path) => !/html|img/.test(path))],
    ['less of it', '!.env\n', [], [...DEFAULT, '.env', 'sub/.env']],
    ['by case', '*.HTML', [], DEFAULT],
    ['but for one name', '', ['.env'], [...DEFAULT, '.env', 'sub/.env']],
    ['but for one file', '', ['/.env'], [...DEFAULT, '.env']],
    [
      'but for a folder',
      '',
      ['node_modules'],
      [...DEFAULT, 'node_modules/three/three.js', 'lib/node_modules/x.js'],
    ],
    ['but for files below it', '', ['node_modules/three/*.js'], [...DEFAULT, 'node_modules/three/three.js']],
    ['but for files below any', '', ['**/node_modules/*.js'], [...DEFAULT, 'lib/node_modules/x.js']],
    ['but for names without a way there', '', ['three.js'], DEFAULT],
    ['but for what the file names', '_headers', ['_headers'], DEFAULT],
    ['but for several', '', ['*~', '.DS_Store'], [...DEFAULT, 'a.txt~', '.DS_Store']],
    [
      'never the file itself',
      '!.skerryignore',
      ['.skerryignore', '.*'],
      [
        ...DEFAULT,
        ...['.env', '.DS_Store', 'sub/.env', '.git-like/config', '..a/b~c', '.b.swo', '.well-known/.hidden'],
      ],
    ],
  ];
  for (const [name, file, includes, expected] of table)
    t.strictSame(sorted(kept(file, ...includes)), sorted(expected), name);
});

t.test('the file of a folder', async (t) => {
  const folder = t.testdir({
    none: {},
    some: { '.skerryignore': '*.map\r\n' },
    folder: { '.skerryignore': {} },
    large: { '.skerryignore': '#'.repeat(300_000) },
    pipe: {},
  });
  t.notOk((await readLeftOut(join(folder, 'none'), [])).file('a.map'));
  t.ok((await readLeftOut(join(folder, 'some'), [])).file('a.map'));
  t.notOk((await readLeftOut(join(folder, 'some'), ['*.map'])).file('a.map'));
  execFileSync('mkfifo', [join(folder, 'pipe/.skerryignore')]);
  for (const bad of ['folder', 'large', 'pipe'])
    await t.rejects(readLeftOut(join(folder, bad), []), { code: 'bad-config' }, bad);
});

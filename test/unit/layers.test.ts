import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** The rules of .dependency-cruiser.mjs and knip.json find what they forbid; `npm run lint` holds the product to them. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Each file with what it imports, and the rule that it breaks; none for what is allowed. */
const PLANTED: readonly (readonly [file: string, source: string, rule?: string])[] = [
  ['shared/errors.ts', ''],
  ['shared/wire/frame.ts', "import '../errors.ts';"],
  ['shared/json/low.ts', "import type { A } from '../wire/frame.ts';", 'layers-of-shared'],
  ['shared/wire/crossing.ts', "import '../../edge/serve/server.ts';", 'areas'],
  ['origin/api/server.ts', "import '../../shared/wire/frame.ts';"],
  ['origin/api/sites.ts', "import type { A } from '../catalog/catalog.ts';"],
  ['origin/catalog/catalog.ts', "import type { A } from '../api/server.ts';", 'layers-of-origin'],
  ['origin/api/crossing.ts', "import type { A } from '../../edge/serve/server.ts';", 'areas'],
  ['origin/api/tested.ts', "import '../../test/double.ts';", 'areas'],
  ['test/double.ts', ''],
  ['edge/serve/server.ts', ''],
  ['edge/serve/site/decide.ts', "import '../server.ts';", 'layers-of-edge'],
  ['edge/serve/site/one.ts', "import type { B } from './two.ts';", 'no-cycle-of-files'],
  ['edge/serve/site/two.ts', "import './three.ts';"],
  ['edge/serve/site/three.ts', "import type { A } from './one.ts';"],
  ['edge/new-room/first.ts', "import '../../shared/errors.ts';", 'every-file-has-a-layer'],
  ['edge/feed/typed.ts', "import type { Pool } from 'undici';"],
  ['edge/feed/fetching.ts', "import { Pool } from 'undici';", 'one-importer-per-library'],
  ['edge/follow/upstream/connections.ts', "import { Pool } from 'undici';"],
  ['origin/fleet/commanding.ts', "import type { Command } from 'commander';", 'commander-stays-in-bin'],
  [
    'origin/catalog/sqlite/opening.ts',
    "import { DatabaseSync } from 'node:sqlite';",
    'sqlite-is-opened-in-one-place',
  ],
  ['origin/catalog/sqlite/reading.ts', "import type { DatabaseSync } from 'node:sqlite';"],
  [
    'origin/fleet/rows.ts',
    "import type { DatabaseSync } from 'node:sqlite';",
    'sqlite-stays-with-the-catalogs',
  ],
  ['bin/commands/building.ts', "import 'typescript';", 'named-in-package-json'],
  ['bin/commands/dangling.ts', "import './gone.ts';", 'resolves'],
];

interface Cruised {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
}

t.test('each rule of imports finds what it forbids', async (t) => {
  const folder = t.testdir();
  for (const name of ['package.json', 'tsconfig.json', '.dependency-cruiser.mjs'])
    await cp(join(ROOT, name), join(folder, name));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, source] of PLANTED) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${source}\nexport type A = 1;\n`);
  }
  const { violations } = (await cruise(folder)).summary;
  for (const [file, source, rule] of PLANTED) {
    const broken = violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);
    if (rule === undefined) t.strictSame(broken, [], `${file}: ${source}`);
    else t.ok(broken.includes(rule), `${file}: ${source} breaks ${rule} (${broken})`);
  }
  t.ok(
    violations.some(({ rule }) => rule.name === 'no-cycle-of-folders'),
    'no-cycle-of-folders',
  );
});

t.test('what nobody uses is found', async (t) => {
  const folder = t.testdir({
    bin: { 'skerry.ts': "import { used } from '../shared/half-used.ts';\nused();\n" },
    shared: {
      'half-used.ts': 'export const used = () => {};\nexport const unused = 1;\nexport type Unused = 1;\n',
      'forgotten.ts': 'export const nobody = 1;\n',
    },
    'package.json': JSON.stringify({ name: 'planted', type: 'module', dependencies: { undici: '*' } }),
  });
  for (const name of ['tsconfig.json', 'knip.json']) await cp(join(ROOT, name), join(folder, name));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const found = await run(folder, 'knip/bin/knip.js', '--no-progress');
  for (const [what, name] of [
    ['files', 'shared/forgotten.ts'],
    ['dependencies', 'undici'],
    ['exports', 'unused'],
    ['exported types', 'Unused'],
  ])
    t.match(found, new RegExp(`Unused ${what} [^]*^${name}\\b`, 'm'));
});

async function cruise(folder: string): Promise<Cruised> {
  const rules = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
  const program = 'dependency-cruiser/bin/dependency-cruise.mjs';
  return JSON.parse(await run(folder, program, ...rules, 'shared', 'origin', 'edge', 'bin')) as Cruised;
}

/** What it prints; it fails when it finds something. */
function run(folder: string, program: string, ...args: string[]): Promise<string> {
  const command = [join(ROOT, 'node_modules', program), ...args];
  return new Promise((resolve) =>
    execFile(process.execPath, command, { cwd: folder, maxBuffer: 2 ** 26 }, (_error, stdout) =>
      resolve(stdout),
    ),
  );
}

/** `npm run build`: compiles the product into dist/, a package that can be published as it is. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

await rm(dist, { recursive: true, force: true });
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '--project', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
for (const kept of [
  'bin/launch.js',
  'bin/running/process-flags.json',
  'infra/example-site',
  'README.md',
  'LICENSE',
  'docs',
]) {
  await cp(join(root, kept), join(dist, kept), { recursive: true });
}

const source = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
const { devDependencies: _dev, scripts: _scripts, files: _files, ...published } = source;
await writeFile(join(dist, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);

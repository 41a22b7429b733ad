import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const root = join(import.meta.dirname, '../../..');
const json = async (name: string) => JSON.parse(await readFile(join(root, name), 'utf8'));
const { optionalDependencies, allowScripts } = await json('package.json');
const locked: Record<string, Locked> = (await json('package-lock.json')).packages;

t.test('the lock file pins the runtime of every platform, all the same version', async (t) => {
  const versions = new Set(Object.values(optionalDependencies));
  t.equal(versions.size, 1);
  for (const [name, version] of Object.entries(optionalDependencies)) {
    t.match(version, /^26\.\d+\.\d+$/, `${name} is named exactly`);
    const entry = locked[`node_modules/${name}`];
    t.equal(entry?.version, version);
    t.match(entry?.integrity, /^sha512-/, name);
  }
});

t.test('no script of a package runs at install', async (t) => {
  const scripts = Object.entries(locked).filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev);
  t.strictSame(scripts, [], 'none of what Skerry needs at run time has one');
  t.strictSame(Object.values(allowScripts).filter(Boolean), [], 'and none of the others is let run');
});

import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';

/** bin/launch.js as it stands in the package, with a command that only says where compiled code is kept. */
const ROOT = join(import.meta.dirname, '../../..');
const SAYS = 'process.stdout.write(process.argv[2] + " " + (process.env.NODE_COMPILE_CACHE ?? "nowhere"));';

async function packaged(t: Test) {
  const folder = t.testdir({
    bin: { running: {} },
    lib: { 'skerry.js': SAYS },
    'package.json': '{"type":"module","version":"1.2.3"}',
    cache: {},
  });
  for (const file of ['bin/launch.js', 'bin/running/process-flags.json'])
    await copyFile(join(ROOT, file), join(folder, file));
  const run = (env: Record<string, string>) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/launch.js'), 'said'], {
      encoding: 'utf8',
      env,
    });
    t.strictSame([status, stderr], [0, ''], 'the command runs, whatever becomes of the cache');
    return stdout;
  };
  return { folder, cache: join(folder, 'cache'), run };
}

t.test("compiled code is kept in the user's cache", async (t) => {
  const { cache, run } = await packaged(t);
  t.equal(run({ XDG_CACHE_HOME: cache }), `said ${join(cache, 'skerry/1.2.3')}`);
  t.not((await readdir(join(cache, 'skerry/1.2.3'), { recursive: true })).length, 0, 'it is there');
  t.equal(run({ HOME: cache }), `said ${join(cache, '.cache/skerry/1.2.3')}`);
  t.equal(run({ HOME: cache, NODE_COMPILE_CACHE: join(cache, 'own') }), `said ${join(cache, 'own')}`);
});

t.test('what another version has kept goes', async (t) => {
  const { cache, run } = await packaged(t);
  await mkdir(join(cache, 'skerry/1.2.2'), { recursive: true });
  run({ XDG_CACHE_HOME: cache });
  t.strictSame(await readdir(join(cache, 'skerry')), ['1.2.3']);
});

t.test('where no cache can be, commands run without', async (t) => {
  const { folder, cache, run } = await packaged(t);
  t.equal(run({ XDG_CACHE_HOME: join(folder, 'missing') }), 'said nowhere');
  t.equal(run({ HOME: '/dev/null' }), 'said nowhere');
  await writeFile(join(cache, 'skerry'), 'a file');
  t.equal(run({ XDG_CACHE_HOME: cache }), 'said nowhere');
});

t.test('a cache that others can write is not used: what is in there is run', async (t) => {
  const { cache, run } = await packaged(t);
  await mkdir(join(cache, 'skerry/1.2.3'), { recursive: true });
  await chmod(join(cache, 'skerry/1.2.3'), 0o777);
  t.equal(run({ XDG_CACHE_HOME: cache }), 'said nowhere');
});

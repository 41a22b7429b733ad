import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createProgram } from '../../bin/program.ts';
import { placeInMirror } from '../../bin/terraform/provider-file.ts';
import { manPage } from '../../infra/release/man-page.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { makeRelease } from '../helpers/release.ts';

/** The archive of this platform, built twice and unpacked. */

const folder = t.testdir();
const release = await makeRelease(join(folder, 'first'));
const host = join(folder, 'opt/skerry');
await mkdir(host, { recursive: true });
const unpacked = await hostProgram('tar', ['-C', host, '-xzf', release.archive]);
if (unpacked.code !== 0) throw new Error(unpacked.stderr);
const place = (...path: string[]) => join(host, release.version, ...path);
/** As little as a host has. In particular, there is no Node in PATH. */
const env = { PATH: '/usr/bin:/bin', HOME: folder };

async function jsonFile<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(release.folder, name), 'utf8')) as T;
}

t.test('the same sources give the same bytes', async (t) => {
  const second = await makeRelease(join(folder, 'second'));
  const sums = (of: string) => readFile(join(of, 'SHA256SUMS'), 'utf8');
  t.equal(await sums(second.folder), await sums(release.folder));
  t.match(
    await hostProgram('sh', ['-c', `cd '${release.folder}' && sha256sum --check --strict SHA256SUMS`]),
    {
      code: 0,
    },
  );
});

t.test('files belong to root, and nobody else may change them', async (t) => {
  const { stdout } = await hostProgram('tar', ['-tvzf', release.archive, '--numeric-owner']);
  const kinds = new Set(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
  );
  t.same(kinds, new Set(['drwxr-xr-x 0/0', '-rw-r--r-- 0/0', '-rwxr-xr-x 0/0']));
});

t.test('the command runs with the Node of the archive, through a link too', async (t) => {
  const link = join(folder, 'skerry');
  await symlink(place('bin/skerry'), link);
  for (const program of [place('bin/skerry'), link])
    t.match(await hostProgram(program, ['--version'], { env }), { code: 0, stdout: `${release.version}\n` });
});

t.test('an origin with objects in S3 needs no further package', async (t) => {
  const args = ['origin', '--data', join(folder, 'origin'), '--port', '0', '--store', 's3://bucket/prefix'];
  const found = await hostProgram(place('bin/skerry'), args, {
    env: { ...env, AWS_EC2_METADATA_DISABLED: 'true' },
  });
  t.match(found, { code: 1, stderr: /bucket cannot be used: .*credentials/ });
});

t.test(
  'the provider runs with the Node of the archive, from its mirror and installed elsewhere',
  async (t) => {
    const elsewhere = join(folder, 'plugins');
    const args = ['terraform', 'install', '--into', elsewhere];
    t.match(await hostProgram(place('bin/skerry'), args, { env }), { code: 0 });
    for (const mirror of [place('terraform'), elsewhere])
      t.match(await hostProgram(placeInMirror(mirror), [], { env }), {
        code: 1,
        stderr: /provider for Terraform/,
      });
  },
);

t.test('the SBOM names Node and the libraries, each once', async (t) => {
  const { components } = await jsonFile<{ components: readonly { name: string; purl: string }[] }>(
    `skerry-${release.version}-linux-${process.arch}.cdx.json`,
  );
  const names = components.map(({ name }) => name);
  for (const name of [`node-linux-${process.arch}`, 'libatomic1', 'fastify', 'client-s3', 'grpc-js'])
    t.ok(names.includes(name), name);
  t.notOk(names.includes('tap'), 'a tool of the tests is not in the archive');
  t.equal(new Set(components.map(({ purl }) => purl)).size, components.length);
});

t.test('the provenance names the files, the commit and what the archive was made of', async (t) => {
  const name = `skerry-${release.version}.intoto.json`;
  const statement = await jsonFile<{
    subject: readonly { name: string; digest: { sha256: string } }[];
    predicate: { buildDefinition: { resolvedDependencies: readonly object[] } };
  }>(name);
  for (const { name, digest } of statement.subject) {
    const bytes = await readFile(join(release.folder, name));
    t.equal(digest.sha256, createHash('sha256').update(bytes).digest('hex'), name);
  }
  t.equal(statement.subject.length, 2);
  t.match(statement.predicate.buildDefinition.resolvedDependencies, [
    { name: 'source', digest: { gitCommit: /^[0-9a-f]{40}$/ } },
    { name: 'package-lock.json' },
    { uri: /^pkg:npm\/node-linux-/, digest: { sha512: /^[0-9a-f]{128}$/ } },
    { uri: /^pkg:deb\/debian\/libatomic1@/ },
  ]);
});

t.test('the man page has all commands, and groff has nothing to say about it', async (t) => {
  const page = await readFile(place('share/man/man1/skerry.1'), 'utf8');
  const date = /\.TH \S+ 1 (\S+)/.exec(page)?.[1] ?? '';
  t.equal(page, manPage(createProgram(), { version: release.version, date }));
  for (const command of ['skerry edge drain NAME', 'skerry publish DIR', 'skerry token create'])
    t.match(page, `.SS ${command}`);
  const read = await hostProgram('groff', ['-man', '-ww', '-Tutf8', place('share/man/man1/skerry.1')]);
  if (read.code === 127) return t.comment('groff is not installed here');
  t.equal(read.stderr, '');
});

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePorts } from '../helpers/free-ports.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { makeRelease } from '../helpers/release.ts';
import { until } from '../helpers/until.ts';

/** The image: its file system in a chroot, and built by buildah and run by podman where these work. */

const CONTAINER = join(import.meta.dirname, '../../infra/container');
const NODE = '/opt/skerry/runtime/bin/node';
const LAUNCH = '/opt/skerry/app/bin/launch.js';

const folder = t.testdir();
const release = await makeRelease(join(folder, 'release'));
/** `infra/container/build.ts`, which is `npm run release:image`. */
const buildImage = (...args: string[]) =>
  hostProgram(process.execPath, [join(CONTAINER, 'build.ts'), '--from', release.folder, ...args]);

const isRoot = process.getuid?.() === 0;
t.test(
  "the image's file system is enough for Skerry",
  isRoot ? {} : { skip: 'chroot needs root' },
  async (t) => {
    const rootfs = join(folder, 'rootfs');
    t.match(await buildImage('--rootfs', rootfs), { code: 0 });
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LD_LIBRARY_PATH: '/opt/skerry/runtime/lib' };
    t.match(await hostProgram('chroot', [rootfs, NODE, LAUNCH, '--version'], { env }), {
      code: 0,
      stdout: `${release.version}\n`,
    });
    t.match(await hostProgram('chroot', [rootfs, '/bin/sh', '-c', 'true']), { code: 127 }, 'it has no shell');
  },
);

t.test('an origin and three edges run from the image, by the compose file', async (t) => {
  const env = { ...process.env, CONTAINERS_CONF: await settings(join(folder, 'containers.conf')) };
  const built = await buildImage();
  if (built.code !== 0) return leftOut(t, `buildah does not work here: ${lastLine(built.stderr)}`);
  const image = built.stdout.trim();
  const tried = await hostProgram('podman', ['run', '--rm', image, '--version'], { env });
  if (tried.code !== 0) return leftOut(t, `podman does not work here: ${lastLine(tried.stderr)}`);
  t.equal(tried.stdout, `${release.version}\n`);
  if ((await hostProgram('podman-compose', ['--version'])).code !== 0)
    return leftOut(t, 'podman-compose is not installed here');

  // podman-compose names containers and volumes after the folder.
  const project = join(folder, `skerry-compose-${process.pid}`);
  await mkdir(project);
  for (const file of ['up', 'compose.yaml']) await cp(join(CONTAINER, file), join(project, file));
  const [origin = 0, ...edges] = await freePorts(4);
  const composed = {
    ...env,
    COMPOSE: 'podman-compose',
    SKERRY_VERSION: release.version,
    ORIGIN_PORT: String(origin),
    ...Object.fromEntries(edges.map((port, index) => [`EDGE_${index + 1}_PORT`, String(port)])),
  };
  const file = join(project, 'compose.yaml');
  t.teardown(() => hostProgram('podman-compose', ['--file', file, 'down', '--volumes'], { env: composed }));
  const up = await hostProgram(join(project, 'up'), [], { env: composed });
  t.match(up, { code: 0 });

  const inOrigin = ['exec', `${project.split('/').at(-1)}_origin_1`, NODE, LAUNCH];
  const online = await until('three edges that are online', async () => {
    const { stdout } = await hostProgram('podman', [...inOrigin, 'edges', '--json'], { env });
    const states = stdout.match(/"state": ?"online"/g) ?? [];
    return states.length === 3 && states;
  });
  t.equal(online.length, 3);
  const token = await hostProgram('podman', [...inOrigin, 'token', 'create', '--scope', 'publish:docs'], {
    env,
  });
  const put = await hostProgram('curl', [
    ...['-sfk', '-X', 'PUT', '-H', `Authorization: Bearer ${token.stdout.trim()}`],
    ...['-H', 'Content-Type: application/json', '-d', '{}', `https://127.0.0.1:${origin}/v1/sites/docs`],
  ]);
  t.equal(put.code, 0, put.stderr);
  for (const port of edges)
    await until('the edge to serve the site', async () => {
      const found = await hostProgram('curl', [
        '-s',
        '-H',
        'Host: docs.localhost',
        `http://127.0.0.1:${port}/`,
      ]);
      return found.code === 0 && !found.stdout.includes('No site');
    });
});

function leftOut(t: Test, reason: string): void {
  t.pass(`left out: ${reason}`, { skip: reason });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** A container may get no higher limits than this machine has, and Debian's crun refuses a mixed hierarchy of cgroups. */
async function settings(file: string): Promise<string> {
  const limit = (await hostProgram('sh', ['-c', 'ulimit -n'])).stdout.trim();
  const runtime = (await hostProgram('runc', ['--version'])).code === 0 ? 'runtime = "runc"\n' : '';
  await writeFile(
    file,
    `[containers]\ndefault_ulimits = ["nofile=${limit}:${limit}", "nproc=4096:4096"]\n[engine]\n${runtime}`,
  );
  return file;
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { bootDebian } from '../helpers/booted-debian.ts';
import { writeCertificate } from '../helpers/certificates.ts';
import { cli } from '../helpers/cli.ts';
import { cloudDebian, reasonNotToBoot } from '../helpers/debian-image.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { ask } from '../helpers/http.ts';
import { type LoneOrigin, loneOrigin } from '../helpers/lone-origin.ts';
import { makeRelease } from '../helpers/release.ts';
import { type Terraform, terraformHere } from '../helpers/terraform.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { type VethNetwork, vethNetwork } from '../helpers/veth-network.ts';
import { unknownKeys } from './cloud-config-keys.ts';

/** A new host boots with the user data that the module's README makes: Debian's cloud-init under systemd-nspawn. */

const MODULE = join(import.meta.dirname, '../../infra/modules/edge-userdata');
const MOST_EXPOSED = 2.5;
const MOST_BYTES = 16 * 1024;
const SCHEMA = 'usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json';
/** The image lacks the locale that cloud-init sets by default. */
const VENDOR_DATA = '#cloud-config\nlocale: false\n';
/** Neither a shell nor curl may find a meaning in this part of a URL. */
const HOSTILE = 'it\'s;$(touch$IFS/broken)&[1-2]{a,b}`touch$IFS/broken`|"x"';
/** All that a value may contain. */
const REGION = 'it\'s "eu" $HOME `id` \\ \\" %h #1; touch /broken é';

const CHANGED = `module "changed" {
  source     = "./edge-userdata"
  name       = "paris"
  region     = ${JSON.stringify(REGION)}
  origin     = var.origin
  join_token = "none"
  release    = var.release
  tls        = { certs = "/etc/ssl/skerry" }
}

output "changed" {
  value     = { for file in yamldecode(module.changed.user_data).write_files : file.path => base64decode(file.content) }
  sensitive = true
}
`;

const reason = (await reasonNotToBoot(cloudDebian)) ?? (await missingProgram('terraform', 'ip'));
if (reason !== undefined) t.pass(`left out: ${reason}`, { skip: reason });
else await t.test('a new host', testHost);

async function testHost(t: Test): Promise<void> {
  const home = t.testdir({
    media: {},
    seed: { 'meta-data': 'instance-id: one\n', 'vendor-data': VENDOR_DATA },
  });
  const network = await vethNetwork(t);
  const [downloadAddress, originAddress] = network.here;
  const origin = await loneOrigin(t, { host: originAddress });
  const downloads = await serveArchive(t, join(home, 'release'), downloadAddress);
  const terraform = await terraformHere(t, { SKERRY_TOKEN: origin.token });

  await t.test('the example in the README makes its user data', async (t) => {
    await configureExample(terraform);
    await writeFile(
      join(terraform.folder, 'terraform.tfvars.json'),
      JSON.stringify({ origin: origin.url, release: downloads.release }),
    );
    t.match(await terraform.run('init', '-no-color'), { code: 0 });
    t.match(await terraform.apply(), { code: 0, output: /1 added/ });
    const { output } = await terraform.run('output', '-raw', 'user_data');
    t.ok(Buffer.byteLength(output) < MOST_BYTES);
    const schema = JSON.parse(await readFile(join(cloudDebian.folder, SCHEMA), 'utf8'));
    t.strictSame(unknownKeys(output, schema), [], 'cloud-init knows all keys');
    const misspelt = output.replace('runcmd', 'run_cmd').replace('permissions', 'permission');
    t.strictSame(unknownKeys(misspelt, schema), ['.run_cmd', '.write_files[0].permission']);
    await writeFile(join(home, 'seed/user-data'), output);
  });

  await network.cut(originAddress);
  const debian = await bootDebian(t, join(home, 'media'), {
    image: cloudDebian,
    folders: { '/var/lib/cloud/seed/nocloud': join(home, 'seed') },
    network: network.path,
    isUp: /^(starting|running|degraded)/,
  });
  const { must } = debian;
  const install = async (...args: string[]) => {
    await must('cat >/run/install-edge.sh', await readFile(join(MODULE, 'install-edge.sh'), 'utf8'));
    return debian.run(`sh -eu /run/install-edge.sh ${args.map(quoted).join(' ')}`);
  };

  await t.test('while the host cannot reach the origin, its edge is started again and again', async (t) => {
    await until('a second start', async () =>
      /^[1-9]/.test(await must('systemctl show --property NRestarts --value skerry-edge')),
    );
    t.match(await must('systemctl is-system-running || true'), 'starting', 'the boot waits');
    await network.restore(originAddress);
  });

  await t.test('at its first boot, the host becomes an edge', async (t) => {
    const { code, stdout } = await debian.run('cloud-init status --wait --long');
    t.equal(code, 0, stdout);
    if (code !== 0) t.comment(await must('cat /var/log/cloud-init-output.log'));
    t.match(await must('cloud-init schema --system'), /^Valid cloud-config/);
    t.match(await origin.client.edges(), [{ name: 'paris', region: 'eu-west', online: true }]);
    t.strictSame(downloads.asked, [downloads.path]);
    t.match(await debian.run('ls /broken'), { code: 2 }, 'no value was run as a command');
    t.equal((await terraform.plan()).code, 0, 'Terraform has nothing to change');
  });

  await t.test('it serves on port 80', async (t) => {
    await publish(origin, await writeTree(join(home, 'site'), { 'index.html': 'one' }));
    t.match(await readPage(network), { status: 200 });
  });

  await t.test('its token is gone, and it starts again without one', async (t) => {
    t.equal(await must('ls /etc/skerry'), 'edge.env');
    t.equal(await must('stat -c %a /var/lib/cloud/instance/user-data.txt'), '600');
    await must('systemctl restart skerry-edge');
    t.match(await readPage(network), { status: 200 });
  });

  await t.test('its unit is as hardened as the one of the release', async (t) => {
    // It ends with 0 when it ignores a value, and says so only on stderr.
    t.equal((await debian.run('systemd-analyze verify --man=no skerry-edge.service')).stderr, '');
    const [, exposure = 'unknown'] =
      /Overall exposure level for \S+: ([\d.]+)/.exec(
        await must('systemd-analyze security --no-pager skerry-edge.service'),
      ) ?? [];
    t.ok(Number(exposure) <= MOST_EXPOSED, exposure);
  });

  await t.test('systemd reads each value as it was given', async (t) => {
    await writeFile(join(terraform.folder, 'changed.tf'), CHANGED);
    t.match(await terraform.run('init', '-no-color'), { code: 0 });
    t.match(await terraform.apply(), { code: 0 });
    const { output } = await terraform.run('output', '-json', 'changed');
    for (const [path, content] of Object.entries<string>(JSON.parse(output)))
      await must(`umask 077; cat >${path}`, content);
    const seen = await must('systemd-run --quiet --pipe --property=EnvironmentFile=/etc/skerry/edge.env env');
    t.equal(/^SKERRY_REGION=(.*)$/m.exec(seen)?.[1], REGION);
  });

  await t.test('with `tls`, it serves HTTPS with the certificates that its group may read', async (t) => {
    await writeCertificate(join(home, 'media/docs'), ['docs.localhost']);
    await must(`groupadd --system ssl-cert
      install -d -m 750 -g ssl-cert /etc/ssl/skerry
      install -m 640 -g ssl-cert /media/docs.crt /media/docs.key /etc/ssl/skerry
      systemctl daemon-reload
      systemctl restart skerry-edge`);
    const secure = [
      '--cacert',
      join(home, 'media/docs.crt'),
      '--resolve',
      `docs.localhost:443:${network.there}`,
    ];
    const page = await hostProgram('curl', ['-sS', ...secure, 'https://docs.localhost/']);
    t.equal(page.stdout, 'one', page.stderr);
    t.equal(await must('ls /etc/skerry'), 'edge.env', 'a token that came again is gone again');
  });

  await t.test('an archive with another digest is not installed', async (t) => {
    await must('rm /opt/skerry/current');
    const { url } = downloads.release.x64;
    const other = '0'.repeat(64);
    t.match(await install('x64', url, other, 'arm64', url, other), { code: 1, stderr: /did NOT match/ });
    t.match(await debian.run('ls /opt/skerry/current'), { code: 2 });
    t.match(await install('riscv', url, other), { code: 1, stderr: /no archive for (x64|arm64)/ });
  });

  await t.test('an edge that cannot start is reported to cloud-init', async (t) => {
    await must('echo SKERRY_PORT=none >>/etc/skerry/edge.env; systemctl stop skerry-edge');
    const { x64, arm64 } = downloads.release;
    const ended = await install('x64', x64.url, x64.sha256, 'arm64', arm64.url, arm64.sha256);
    t.match(ended, { code: 1, stderr: /skerry-edge\.service[\s\S]*--port/ });
  });

  await t.test('destroy ends the membership', async (t) => {
    t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
    t.match(await origin.client.edges(), [{ name: 'paris', revoked: true }]);
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function missingProgram(...programs: string[]): Promise<string | undefined> {
  for (const program of programs)
    if ((await hostProgram(program, ['-version'])).code === 127) return `${program} is not installed here`;
  return undefined;
}

async function configureExample(terraform: Terraform): Promise<void> {
  await cp(MODULE, join(terraform.folder, 'edge-userdata'), { recursive: true });
  const readme = await readFile(join(MODULE, 'README.md'), 'utf8');
  const [, example] = /```hcl\n(.*?)```/s.exec(readme) ?? [];
  if (example === undefined) throw new Error('the README has no example');
  await writeFile(join(terraform.folder, 'main.tf'), example);
}

/** Serves the archive of a release to the host, and notes what the host asks for. */
async function serveArchive(t: Test, folder: string, address: string) {
  const { archive } = await makeRelease(folder);
  const sha256 = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    createReadStream(archive).pipe(response);
  }).listen(0, address);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const path = `/${HOSTILE}/skerry.tar.gz`;
  const one = { url: `http://${address}:${(server.address() as AddressInfo).port}${path}`, sha256 };
  return { asked, path, release: { x64: one, arm64: one } };
}

async function publish({ url, token }: LoneOrigin, folder: string): Promise<void> {
  const { code, stderr } = await cli(['publish', folder, '--site', 'docs', '--wait'], {
    SKERRY_ORIGIN: url,
    SKERRY_TOKEN: token,
  });
  if (code !== 0) throw new Error(stderr);
}

function readPage({ there }: VethNetwork) {
  return ask(`http://${there}`, '/', { headers: { host: 'docs.localhost' } });
}

import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cli } from '../helpers/cli.ts';
import { reasonNotToBoot, sshDebian } from '../helpers/debian-image.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { read } from '../helpers/http.ts';
import { type LoneOrigin, loneOrigin } from '../helpers/lone-origin.ts';
import { makeRelease } from '../helpers/release.ts';
import { SUDOER, sshHosts } from '../helpers/ssh-hosts.ts';
import { type Terraform, terraformFrom } from '../helpers/terraform.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { startReaders } from './readers.ts';

/**
 * infra/examples/ssh-hosts, and the example of edge-ssh's README, on three hosts with systemd and sshd, each in a
 * network namespace and a file system of its own.
 */

t.setTimeout(900_000);
const NAMES = ['oslo', 'paris', 'rome'] as const;
const SITE = 'docs';

const reason = await reasonNotToBoot(sshDebian);
if (reason !== undefined) t.pass(`left out: ${reason}`, { skip: reason });
else await t.test('a fleet of three hosts', testFleet);

async function testFleet(t: Test): Promise<void> {
  const home = t.testdir();
  const { here, hosts, keyFile } = await sshHosts(t, home, NAMES.length);
  const addresses = hosts.map(({ address }) => address);
  const hostOf = (name: (typeof NAMES)[number]) => {
    const host = hosts[NAMES.indexOf(name)];
    if (host === undefined) throw new Error(`${name} has no host`);
    return host;
  };
  const origin = await loneOrigin(t, { host: here });
  await publish(origin, await writeTree(join(home, 'site'), { 'index.html': 'one' }));
  const first = await makeRelease(join(home, 'first'));
  const second = await repacked(home, first.archive, '0.2.0', async (app) => {
    const file = join(app, 'package.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"version": "[^"]+"/, '"version": "0.2.0"'));
  });
  const bad = await repacked(home, first.archive, '0.3.0', (app) =>
    writeFile(join(app, 'bin/launch.js'), "console.error('this release is bad');\nprocess.exit(1);\n"),
  );
  const tools = await unpacked(home, first.archive);

  const environment = { SKERRY_TOKEN: origin.token, PATH: `${tools}/bin:${process.env.PATH}` };
  const terraform = await terraformFrom(t, join(tools, 'terraform'), { example: 'ssh-hosts', environment });
  let hosted: readonly string[] = NAMES;
  const configure = (archive: string) =>
    writeFile(
      join(terraform.folder, 'terraform.tfvars.json'),
      JSON.stringify({
        origin: origin.url,
        hosts: Object.fromEntries(hosted.map((name) => [name, addresses[NAMES.indexOf(name as 'oslo')]])),
        private_key_file: keyFile,
        archive,
        seconds: { turn: 120, health: 30 },
      }),
    );
  const timed = async (t: Test, what: string, run: () => ReturnType<Terraform['apply']>) => {
    const began = performance.now();
    const ran = await run();
    if (ran.code !== 0) t.comment(ran.output.split('\n').slice(-25).join('\n'));
    t.comment(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return ran;
  };
  /** Applies while readers read, and checks that none of their requests fails. */
  const applyUnderLoad = async (t: Test, what: string, readFrom: readonly string[]) => {
    const readers = startReaders(readFrom, SITE);
    const ran = await timed(t, what, () => terraform.apply());
    const { requests, failures, unready, fewestReady } = await readers.stop();
    t.comment(`${requests} requests, ${failures.length} failed, at least ${fewestReady} edges ready`);
    t.strictSame(failures.slice(0, 10), [], 'no request fails');
    t.ok(requests > 100);
    return { ...ran, unready, fewestReady };
  };
  const versions = async () =>
    Object.fromEntries(
      (await origin.client.edges())
        .filter(({ revoked }) => !revoked)
        .map(({ name, version, health }) => [name, `${version} ${health.state}`]),
    );
  /** Waits for the health of the edges, which follows their state by some seconds. */
  const untilVersions = async (wanted: Record<string, string>) => {
    const text = JSON.stringify(wanted);
    await until(text, async () => JSON.stringify(await versions()) === text);
  };

  await t.test('one apply installs them, and a second plan is empty', async (t) => {
    await configure(first.archive);
    t.match(await terraform.run('init', '-no-color'), { code: 0 });
    const applied = await timed(t, 'install', () => terraform.apply());
    t.match(applied, { code: 0, output: /6 added/ });
    for (const address of addresses) t.match(await page(address), { status: 200 });
    await untilVersions({ oslo: '0.1.0 online', paris: '0.1.0 online', rome: '0.1.0 online' });
    t.match(await terraform.plan(), { code: 0 });
    t.equal(await hostOf('oslo').debian.must('ls /etc/skerry'), 'edge.env\ntoken-id', 'the token is gone');
  });

  await t.test('an upgrade drains one edge after another, and no request fails', async (t) => {
    await configure(second);
    const { code, unready, fewestReady } = await applyUnderLoad(t, 'upgrade', addresses);
    t.equal(code, 0);
    t.strictSame(unready, addresses, 'each edge was out of service');
    t.equal(fewestReady, 2, 'one at a time');
    await untilVersions({ oslo: '0.2.0 online', paris: '0.2.0 online', rome: '0.2.0 online' });
    t.match(await terraform.plan(), { code: 0 });
  });

  await t.test('a bad release stops at the canary', async (t) => {
    await configure(bad);
    const { code, output, unready } = await applyUnderLoad(t, 'bad release', addresses);
    t.equal(code, 1);
    t.match(output, /the edge is not healthy with release 0\.3\.0-/);
    t.match(output, /this release is bad/, 'Terraform shows the log of the edge');
    t.strictSame(unready, [hostOf('oslo').address]);
    t.match(await versions(), { oslo: / drained$/, paris: '0.2.0 online', rome: '0.2.0 online' });
    t.match(await page(hostOf('paris').address), { status: 200 });

    await configure(second);
    const back = await applyUnderLoad(t, 'back to the release before', addresses.slice(1));
    t.match(back, { code: 0, unready: [] });
    await untilVersions({ oslo: '0.2.0 online', paris: '0.2.0 online', rome: '0.2.0 online' });
    t.match(await terraform.plan(), { code: 0 });
  });

  await t.test('an edge that was killed by hand shows up as drift', async (t) => {
    const { must } = hostOf('rome').debian;
    await must('systemctl kill --kill-whom=main --signal=KILL skerry-edge');
    await must('systemctl stop skerry-edge; systemctl disable --quiet skerry-edge');
    await until('the origin to miss it', async () => (await versions()).rome === '0.2.0 offline');
    const { code, output } = await terraform.plan();
    t.equal(code, 2);
    t.match(output, /\+ "rome"/);
    t.match(output, /The edge rome is offline\. To install it again/);
    const target = '-replace=module.fleet.module.rest["rome"].terraform_data.edge';
    t.match(await timed(t, 'repair', () => terraform.apply(target)), { code: 0 });
    t.match(await page(hostOf('rome').address), { status: 200 });
    await untilVersions({ oslo: '0.2.0 online', paris: '0.2.0 online', rome: '0.2.0 online' });
    t.match(await terraform.apply(), { code: 0, output: /0 added, 0 changed, 0 destroyed/ });
    t.match(await terraform.plan(), { code: 0 });
  });

  await t.test('an edge that leaves the map drains, leaves the fleet and stops serving', async (t) => {
    hosted = ['oslo', 'rome'];
    await configure(second);
    const { debian, address } = hostOf('paris');
    const { code, output, unready } = await applyUnderLoad(t, 'removal', addresses);
    t.equal(code, 0);
    t.strictSame(unready, [address]);
    t.match(output, /2 destroyed/);
    await untilVersions({ oslo: '0.2.0 online', rome: '0.2.0 online' });
    await until('the edge to end', async () =>
      (await debian.run('systemctl is-failed skerry-edge')).stdout.startsWith('failed'),
    );
    t.equal(await debian.must('systemctl show --property ExecMainStatus --value skerry-edge'), '4');
    t.match(await debian.must('journalctl --unit skerry-edge'), /the origin has revoked the edge paris/);
    await t.rejects(page(address), 'nothing listens');
    await debian.run('systemctl restart skerry-edge');
    await t.rejects(page(address), 'nor after a restart');
    t.match(await terraform.plan(), { code: 0 });
  });

  await t.test("the README's file of 25 lines makes the host another edge", async (t) => {
    const { address, debian } = hostOf('paris');
    const agent = await sshAgent(t, keyFile);
    const own = await terraformFrom(t, join(tools, 'terraform'), {
      environment: { ...environment, ...agent },
    });
    const example = await readmeExample();
    t.ok(example.trimEnd().split('\n').length <= 25);
    t.match(example, `user = "${SUDOER}"`);
    await writeFile(join(own.folder, 'main.tf'), example);
    await mkdir(join(own.folder, 'release'));
    await symlink(first.archive, join(own.folder, 'release/skerry-0.1.0-linux-x64.tar.gz'));
    await writeFile(
      join(own.folder, 'terraform.tfvars.json'),
      JSON.stringify({ origin: origin.url, address }),
    );
    t.match(await own.run('init', '-no-color'), { code: 0 });
    const applied = await timed(t, 'install', () => own.apply());
    t.equal(applied.code, 0);
    t.match(await page(address), { status: 200 });
    t.match(await versions(), { lyon: /^0\.1\.0 / });
    t.equal((await own.plan()).code, 0);
    t.match(await own.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
    await until(
      'the edge to end',
      async () => (await debian.run('systemctl is-failed skerry-edge')).code === 0,
    );
    await t.rejects(page(address));
  });
}

async function publish({ url, token }: LoneOrigin, folder: string): Promise<void> {
  const { code, stderr } = await cli(['publish', folder, '--site', SITE], {
    SKERRY_ORIGIN: url,
    SKERRY_TOKEN: token,
  });
  if (code !== 0) throw new Error(stderr);
}

function page(address: string) {
  return read(`http://${address}`, SITE, '');
}

async function must(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await hostProgram(program, args);
  if (code !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** The archive as a user unpacks it on the machine where Terraform runs. */
async function unpacked(home: string, archive: string): Promise<string> {
  await mkdir(join(home, 'tools'));
  await must('tar', '-C', join(home, 'tools'), '-xzf', archive);
  return join(home, 'tools/0.1.0');
}

/** An archive with another version, and with a change of its `app` folder. */
async function repacked(
  home: string,
  archive: string,
  version: string,
  change: (app: string) => Promise<void>,
): Promise<string> {
  const folder = join(home, version);
  await mkdir(folder);
  await must('tar', '-C', folder, '-xzf', archive);
  await must('mv', join(folder, '0.1.0'), join(folder, version));
  await change(join(folder, version, 'app'));
  const out = join(home, `skerry-${version}.tar.gz`);
  await must('tar', '-C', folder, '--use-compress-program=gzip -1', '-cf', out, version);
  await rm(folder, { recursive: true });
  return out;
}

async function readmeExample(): Promise<string> {
  const file = join(import.meta.dirname, '../../infra/modules/edge-ssh/README.md');
  const [, example] = /```hcl\n(.*?)```/s.exec(await readFile(file, 'utf8')) ?? [];
  if (example === undefined) throw new Error('the README has no example');
  return example;
}

/** An SSH agent with the key. It ends with the test. */
async function sshAgent(t: Test, keyFile: string): Promise<NodeJS.ProcessEnv> {
  const said = await must('ssh-agent', '-s');
  const env = {
    SSH_AUTH_SOCK: /SSH_AUTH_SOCK=([^;]+)/.exec(said)?.[1],
    SSH_AGENT_PID: /SSH_AGENT_PID=([^;]+)/.exec(said)?.[1],
  };
  t.teardown(() => hostProgram('ssh-agent', ['-k'], { env: { ...process.env, ...env } }));
  const added = await hostProgram('ssh-add', [keyFile], { env: { ...process.env, ...env } });
  if (added.code !== 0) throw new Error(added.stderr);
  return env;
}

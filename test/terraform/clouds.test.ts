import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import type { Provider } from '../../infra/terraform-provider/provider.ts';
import { cli } from '../helpers/cli.ts';
import { awsDouble, hcloudDouble } from '../helpers/cloud-double.ts';
import { loneOrigin } from '../helpers/lone-origin.ts';
import { terraformHere } from '../helpers/terraform.ts';

/** The examples for clouds with a real Terraform, a real origin, and clouds that make nothing. */

const INFRA = join(import.meta.dirname, '../../infra');

interface Cloud {
  readonly name: string;
  readonly provider: string;
  readonly double: () => Provider;
  readonly instance: string;
  /** The values of the variables that this cloud alone has. */
  readonly values: object;
  /** What its edges need. */
  readonly edge: object;
}

const clouds: readonly Cloud[] = [
  {
    ...{ name: 'aws', provider: 'hashicorp/aws', double: awsDouble, instance: 'aws_instance' },
    ...{ values: { region: 'eu-west-3', subnet_id: 'subnet-1', image: 'ami-1' }, edge: {} },
  },
  {
    ...{ name: 'hetzner', provider: 'hetznercloud/hcloud', double: hcloudDouble, instance: 'hcloud_server' },
    ...{ values: {}, edge: { location: 'fsn1' } },
  },
];

for (const { name, provider, double, instance, values, edge } of clouds)
  t.test(`examples/${name}`, async (t) => {
    const origin = await loneOrigin(t);
    const terraform = await terraformHere(t, { SKERRY_TOKEN: origin.token }, { [provider]: double() });
    for (const part of ['modules', `examples/${name}`])
      await cp(join(INFRA, part), join(terraform.folder, part), { recursive: true });
    const place = join(terraform.folder, 'examples', name);
    const run = (...args: string[]) => terraform.run(`-chdir=${place}`, ...args);
    const calls = join(terraform.folder, 'calls');
    const skerry = join(terraform.folder, 'skerry');
    await writeFile(skerry, `#!/bin/sh\necho "$*" >>${calls}\n`);
    await chmod(skerry, 0o755);
    const archive = (digit: string) => ({
      x64: { url: `https://downloads.example/${digit}.tar.gz`, sha256: digit.repeat(64) },
    });
    const releases = { one: archive('1'), two: archive('2') };
    const configure = (edges: Readonly<Record<string, object>>) =>
      writeFile(
        join(place, 'terraform.tfvars.json'),
        JSON.stringify({
          ...{ ...values, origin: origin.url, skerry, releases },
          edges: Object.fromEntries(
            Object.entries(edges).map(([key, own]) => [key, { ...edge, version: 'one', ...own }]),
          ),
        }),
      );
    const apply = () => run('apply', '-auto-approve', '-no-color', '-input=false');
    const hosts = async () => {
      const { resources } = JSON.parse(await readFile(join(place, 'terraform.tfstate'), 'utf8')) as {
        resources: { module?: string; type: string; instances: { attributes: { user_data: string } }[] }[];
      };
      const found = resources.filter(({ type }) => type === instance);
      return Object.fromEntries(
        found.map(({ module = '', instances }) => [module, instances[0]?.attributes.user_data]),
      );
    };

    await writeFile(join(place, 'terraform.tfvars'), await exampleValues(name, origin.url));
    t.match(await run('init', '-no-color'), { code: 0 });
    t.match(
      await run('plan', '-no-color'),
      { code: 0, output: /[1-9]\d* to add/ },
      'the values in the README',
    );
    await rm(join(place, 'terraform.tfvars'));

    await configure({ oslo: {}, paris: {} });
    t.match(await apply(), { code: 0 });
    t.match(await run('plan', '-detailed-exitcode', '-no-color'), { code: 0 }, 'a second plan is empty');
    const first = await hosts();

    await configure({ oslo: {}, paris: { labels: ['ssd'] } });
    t.match(await apply(), { code: 0, output: /0 added, 1 changed, 0 destroyed/ });
    t.strictSame(await hosts(), first, 'new labels leave the host as it is');

    await writeFile(calls, '');
    await configure({ oslo: { version: 'two' }, paris: { labels: ['ssd'] } });
    const replaced = await apply();
    t.match(replaced, { code: 0, output: /3 added, 1 changed, 3 destroyed/ });
    const order = /serving: Destroying[\s\S]*edge: Destroying[\s\S]*skerry_edge.edge: Destroying/;
    t.match(replaced.output, order, 'drained, then gone, then no member');
    const called = await readFile(calls, 'utf8');
    t.equal(called, 'edge drain oslo --wait 30\nedge undrain oslo --wait 600\n');
    for (const call of called.trimEnd().split('\n'))
      t.match(await cli(call.split(' '), { SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token }), {
        code: 1,
        stderr: /there is no edge oslo/,
      });
    const second = await hosts();
    t.equal(second['module.edge["paris"]'], first['module.edge["paris"]'], 'the other host stays');
    const tokenOf = (all: typeof first) => joinToken(all['module.edge["oslo"]'] ?? '');
    t.not(tokenOf(second), tokenOf(first), 'a new host has a new token');
    t.match(second['module.edge["oslo"]'], releases.two.x64.sha256, 'and the new release');

    await configure({ oslo: { version: 'two' } });
    t.match(await apply(), { code: 0, output: /destroyed/ });
    t.strictSame(Object.keys(await hosts()), ['module.edge["oslo"]']);
    await configure({ oslo: { version: 'three' } });
    t.match(await run('plan', '-no-color'), { code: 1, output: /one of releases/ });
    await configure({ oslo: { version: 'two' } });
    t.match(await run('destroy', '-auto-approve', '-no-color'), { code: 0 });
    t.match(await readFile(calls, 'utf8'), /edge drain paris .*\nedge drain oslo .*\n$/);
    const tokensLeft = (await origin.client.tokens()).filter(
      ({ scope, state }) => scope === 'join' && state === 'valid',
    );
    t.strictSame(tokensLeft, []);
  });

/** The values of the variables in the README, with the URL of a real origin and whole digests. */
async function exampleValues(example: string, origin: string): Promise<string> {
  const readme = await readFile(join(INFRA, 'examples', example, 'README.md'), 'utf8');
  const [, values = ''] = /```hcl\n(.*?)```/s.exec(readme) ?? [];
  return values.replace('https://origin.example:7400', origin).replace('"…"', `"${'0'.repeat(64)}"`);
}

function joinToken(userData: string): string {
  const { write_files: files } = parse(userData) as { write_files: { path: string; content: string }[] };
  const { content = '' } = files.find(({ path }) => path === '/etc/skerry/join-token') ?? {};
  return Buffer.from(content, 'base64').toString();
}

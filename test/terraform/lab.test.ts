import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { placeInMirror } from '../../bin/terraform/provider-file.ts';
import { buildProvider } from '../../infra/terraform-provider/build.ts';
import { cli } from '../helpers/cli.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask } from '../helpers/http.ts';
import { terraformFrom } from '../helpers/terraform.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAMES = ['oslo', 'paris', 'rome'];

t.test(
  'examples/lab: one apply makes an origin, a site and three edges, and destroy leaves nothing',
  async (t) => {
    const mirror = join(t.testdir(), 'mirror');
    await buildProvider(placeInMirror(mirror), process.execPath);
    const terraform = await terraformFrom(t, mirror, { example: 'lab' });
    const [port = 0, ...ports] = await freePorts(1 + 2 * NAMES.length);
    const edges = Object.fromEntries(
      NAMES.map((name, i) => [name, { region: 'here', port: ports[2 * i], admin_port: ports[2 * i + 1] }]),
    );
    const skerry = `${process.execPath} ${join(ROOT, 'bin/launch.js')}`;
    await writeFile(join(terraform.folder, 'lab.auto.tfvars.json'), JSON.stringify({ port, edges, skerry }));
    const before = await readdir(terraform.folder);
    t.match(await terraform.run('init', '-no-color'), { code: 0 });
    t.teardown(() => terraform.run('destroy', '-auto-approve'));

    t.match(await terraform.apply(), { code: 0, output: /9 added/ });
    const served = NAMES.map((_, i) =>
      ask(`http://127.0.0.1:${ports[2 * i]}`, '/', { headers: { host: 'lab.localhost' } }),
    );
    for (const { status, body } of await Promise.all(served)) {
      t.equal(status, 200);
      t.match(body.toString(), /Terraform made this/);
    }
    const origin = `http://127.0.0.1:${port}`;
    const listed = await cli([
      'edges',
      '--json',
      '--origin',
      origin,
      '--data',
      join(terraform.folder, 'data/origin'),
    ]);
    t.strictSame(
      JSON.parse(listed.stdout).edges.map(({ name }: { name: string }) => name),
      NAMES,
    );
    t.equal((await terraform.plan()).code, 0, 'a second plan is empty');

    await writeFile(join(terraform.folder, 'www/new.html'), 'new');
    t.match(await terraform.apply(), { code: 0, output: /1 changed/ });

    t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0, output: /9 destroyed/ });
    await t.rejects(ask(origin, '/healthz'), 'the origin has stopped');
    const left = (await readdir(terraform.folder)).filter((name) => !before.includes(name));
    t.strictSame(left.sort(), [
      '.terraform',
      '.terraform.lock.hcl',
      'terraform.tfstate',
      'terraform.tfstate.backup',
    ]);
  },
);

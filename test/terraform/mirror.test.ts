import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { placeInMirror } from '../../bin/terraform/provider-file.ts';
import { buildProvider } from '../../infra/terraform-provider/build.ts';
import { loneOrigin } from '../helpers/lone-origin.ts';
import { terraformFrom } from '../helpers/terraform.ts';

t.test('the one file in a mirror is installed, and started by Terraform with TLS', async (t) => {
  const origin = await loneOrigin(t);
  const mirror = join(t.testdir(), 'mirror');
  const file = placeInMirror(mirror);
  await buildProvider(file, process.execPath);
  t.match(
    spawnSync(file, { encoding: 'utf8' }),
    { status: 1, stderr: /provider for Terraform/ },
    'a person is told what it is',
  );

  const terraform = await terraformFrom(t, mirror);
  await terraform.configure(
    `provider "skerry" {\n  origin = "${origin.url}"\n  token = "${origin.token}"\n}
resource "skerry_site" "a" {\n  name = "a"\n  force_destroy = true\n}
resource "skerry_publish" "a" {\n  site = skerry_site.a.name\n  folder = "${import.meta.dirname}"\n}\n`,
  );
  t.match(await terraform.run('init', '-no-color'), { code: 0 });
  t.match(await terraform.run('validate', '-no-color'), { code: 0 });
  t.match(await terraform.apply(), { code: 0, output: /2 added/ });
  t.ok((await origin.client.site('a')).files > 0);
  t.equal((await terraform.plan()).code, 0);
  t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
});

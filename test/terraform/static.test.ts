import { globSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { awsDouble, hcloudDouble } from '../helpers/cloud-double.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { terraformHere } from '../helpers/terraform.ts';

/** What Terraform says about our configurations without applying them. */

const INFRA = join(import.meta.dirname, '../../infra');
const folders = globSync('{modules,examples}/**/main.tf', { cwd: INFRA }).map((file) => dirname(file));

t.test('all configurations are formatted', async (t) => {
  const check = (folder: string) => hostProgram('terraform', ['fmt', '-check', '-recursive', folder]);
  t.match(await check(INFRA), { code: 0 });
  const folder = t.testdir();
  await writeFile(join(folder, 'main.tf'), 'locals {\na=1\n}\n');
  t.match(await check(folder), { code: 3, stdout: /main\.tf/ }, 'another format would be noticed');
});

t.test('all configurations are valid, and pass their own tests', async (t) => {
  const clouds = { 'hashicorp/aws': awsDouble(), 'hetznercloud/hcloud': hcloudDouble() };
  const terraform = await terraformHere(t, {}, clouds);
  for (const part of ['modules', 'examples'])
    await cp(join(INFRA, part), join(terraform.folder, part), { recursive: true });
  t.ok(folders.includes('modules/edge-userdata') && folders.includes('examples/lab'));
  for (const folder of folders) {
    const run = (...args: string[]) => terraform.run(`-chdir=${join(terraform.folder, folder)}`, ...args);
    t.match(await run('init', '-no-color', '-backend=false'), { code: 0 }, folder);
    t.match(await run('validate', '-no-color'), { code: 0 }, folder);
    if (globSync('tests/*.tftest.hcl', { cwd: join(INFRA, folder) }).length > 0)
      t.match(await run('test', '-no-color'), { code: 0, output: /[1-9]\d* passed, 0 failed/ }, folder);
  }
});

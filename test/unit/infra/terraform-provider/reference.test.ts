import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { reference } from '../../../../infra/terraform-provider/reference.ts';

const DOCS = join(import.meta.dirname, '../../../../docs/terraform.md');

t.test('docs/terraform.md tells what Terraform is told', async (t) => {
  const text = await readFile(DOCS, 'utf8');
  t.ok(text.endsWith(reference()), 'run `node infra/terraform-provider/reference.script.ts`');
});

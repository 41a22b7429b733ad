/** `node infra/terraform-provider/reference.script.ts`: rewrites the tables in docs/terraform.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../join-modules.ts';
import { reference } from './reference.ts';

const file = join(root, 'docs/terraform.md');
const text = await readFile(file, 'utf8');
const MARK = '.script.ts`. -->\n\n';
await writeFile(file, text.slice(0, text.indexOf(MARK) + MARK.length) + reference());

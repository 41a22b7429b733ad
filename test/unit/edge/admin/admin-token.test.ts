import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { adminTokenIn } from '../../../../edge/admin/admin-token.ts';

t.test('the token of an admin port is made once, for its owner alone', async (t) => {
  const file = join(t.testdir(), 'edge-admin-token');
  const made = await adminTokenIn(file);
  const text = (await readFile(file, 'utf8')).trim();
  t.match(text, /^ska_[\w-]{32}$/);
  t.equal((await stat(file)).mode & 0o777, 0o600);
  t.ok(made.isIn(`Bearer ${text}`));
  t.ok((await adminTokenIn(file)).isIn(`bearer  ${text}`), 'kept');
  for (const other of [undefined, '', text, 'Bearer ', `Bearer ${text}x`, `Basic ${text}`])
    t.notOk(made.isIn(other), `${other}`);
});

t.test('a file that holds no token opens no access', async (t) => {
  const file = join(t.testdir(), 'edge-admin-token');
  for (const text of ['', '\n', 'short', 'two tokens that are quite long']) {
    await writeFile(file, text);
    await t.rejects(adminTokenIn(file), { code: 'data-folder-damaged' });
  }
});

import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { startOrigin } from '../../../origin/main.ts';
import { cli } from '../../helpers/cli.ts';

const start = (data: string) => startOrigin({ data, host: '127.0.0.1', port: 0 }, pino({ level: 'silent' }));

async function temporary(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

t.test('an origin whose folder has lost a part, or has it from elsewhere, signs nothing', async (t) => {
  const folder = await temporary(t);
  const [whole, other] = [join(folder, 'whole'), join(folder, 'other')];
  for (const data of [whole, other]) await (await start(data)).close();
  const catalogs = (await readdir(whole)).filter((name) => name.startsWith('catalog.sqlite'));
  const noCatalog = (data: string) => Promise.all(catalogs.map((name) => rm(join(data, name))));
  const keyOf = (data: string) => join(data, 'signing-key.pem');
  const cases: [string, (data: string) => Promise<unknown>, RegExp][] = [
    ['no key', (data) => rm(keyOf(data)), /signing-key\.pem is missing/],
    ['a damaged key', (data) => writeFile(keyOf(data), 'x'), /signing-key\.pem holds no/],
    ['another key', (data) => cp(keyOf(other), keyOf(data)), /not belong to the same log/],
    ['no catalog', noCatalog, /catalog\.sqlite is missing/],
    ['no database', (data) => writeFile(join(data, 'catalog.sqlite'), 'x'.repeat(5000)), /is damaged/],
    [
      'another catalog',
      async (data) => {
        await noCatalog(data);
        await cp(join(other, 'catalog.sqlite'), join(data, 'catalog.sqlite'));
      },
      /not belong to the same log/,
    ],
  ];
  for (const [name, damage, message] of cases) {
    const data = join(folder, name);
    await cp(whole, data, { recursive: true });
    await damage(data);
    await t.rejects(start(data), { code: 'data-folder-damaged', message }, name);
  }
  const repaired = join(folder, 'no key');
  t.notOk((await readdir(repaired)).includes('signing-key.pem'), 'no new key takes its place');
  await cp(keyOf(whole), keyOf(repaired));
  await (await start(repaired)).close();
});

t.test('an edge says which part of its folder is missing or damaged', async (t) => {
  const folder = await temporary(t);
  const identity = { name: 'oslo', region: 'eu', origin: 'http://127.0.0.1:1', recovery: '0'.repeat(32) };
  const joined = JSON.stringify(identity);
  const cases: [string, Record<string, string>, RegExp][] = [
    ['catalog', { 'identity.json': joined }, /catalog .* does not belong to an edge that has joined/],
    ['identity', { 'identity.json': '{' }, /./],
    [
      'database',
      { 'identity.json': joined, 'catalog.sqlite': 'x'.repeat(5000) },
      /catalog\.sqlite is damaged/,
    ],
  ];
  for (const [name, files, message] of cases) {
    const data = join(folder, name);
    await mkdir(data);
    const format = JSON.stringify({ role: 'edge', format: 1 });
    for (const [file, text] of Object.entries({ ...files, 'skerry-data.json': format }))
      await writeFile(join(data, file), text);
    const { code, stderr } = await cli(['edge', '--data', data, '--port', '0', '--admin-port', '0']);
    t.equal(code, 1, name);
    t.match(stderr, message);
    t.match(stderr, /Restore the whole data folder/);
    t.notMatch(stderr, /\n {4}at /, 'without a stack');
  }
});

t.test('what an upload left that was broken off by a crash is removed at the next start', async (t) => {
  const data = join(await temporary(t), 'origin');
  await (await start(data)).close();
  const drafts = join(data, 'objects', 'drafts');
  await writeFile(join(drafts, 'upload-1'), 'half');
  const origin = await start(data);
  t.strictSame(await readdir(drafts), []);
  await origin.close();
});

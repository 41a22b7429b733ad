import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

t.test('publish --dry-run shows what would change and changes nothing', async (t) => {
  const origin = await loneOrigin(t);
  const folder = t.testdir({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', '.env': 'secret' });
  const publish = (...flags: string[]) =>
    cli(['publish', folder, '--site', 'dry', ...flags, '--origin', origin.url, '--token', origin.token]);
  const logged = async () => (await origin.client.log(undefined, 1)).records.at(-1)?.seq;

  const first = await publish('--dry-run');
  t.equal(first.code, 0, first.stderr);
  t.equal(
    first.stdout,
    `+ a.txt
+ b.txt
+ c.txt
site dry, which has no revision: 3 added, 0 modified, 0 deleted, 0 unchanged
a publish would send at most 3 objects, 3 B; left out: 1, see --include
nothing was changed
`,
  );
  await t.rejects(origin.client.site('dry'), { code: 'no-such-site' }, 'no site is made');

  t.equal((await publish()).code, 0);
  const before = await logged();
  await writeFile(join(folder, 'a.txt'), 'other');
  await rm(join(folder, 'b.txt'));
  const second = await publish('--dry-run', '--json');
  t.strictSame(JSON.parse(second.stdout), {
    ...{ site: 'dry', revision: 1, added: 0, modified: 1, deleted: 1, unchanged: 1 },
    ...{ objects: 1, bytes: 5, leftOut: 1 },
    changes: [
      { change: 'modified', path: 'a.txt' },
      { change: 'deleted', path: 'b.txt' },
    ],
  });
  t.match(await publish('--dry-run', '--draft', '--alias', 'pr-1'), { code: 0 });
  t.equal(await logged(), before, 'no record is written');

  for (let i = 0; i < 150; i++) await writeFile(join(folder, `many-${i}`), 'x');
  const many = (await publish('--dry-run')).stdout.split('\n');
  t.equal(many.filter((line) => /^[+~-] /.test(line)).length, 100);
  t.ok(many.includes('… and 52 other changes'));

  for (let i = 0; i < 150; i++) await rm(join(folder, `many-${i}`));
  for (const name of ['a.txt', 'c.txt']) await rm(join(folder, name));
  const refused = await publish('--dry-run');
  t.match(refused, { code: 1, stderr: /no file to publish, and dry has 3.*--allow-shrink/ });
  t.match(refused.stdout, /0 added, 0 modified, 3 deleted/, 'what would change is shown all the same');
  t.match(await publish('--dry-run', '--allow-shrink'), { code: 0 });
  t.equal((await origin.client.site('dry')).files, 3);
});

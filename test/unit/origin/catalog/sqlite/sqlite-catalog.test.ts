import { join } from 'node:path';
import t from 'tap';
import { openManifestReads, openSqliteCatalog } from '../../../../../origin/catalog/sqlite/sqlite-catalog.ts';
import { certifyKey } from '../../../../../shared/log/certificate.ts';
import { generateSigningKey, signingKeyToPem } from '../../../../../shared/signing/keys.ts';

const key = generateSigningKey();
const LOG = 'c0ffee'.padEnd(32, '0');

t.test('a catalog in a thread of its own, and readers beside it', async (t) => {
  const file = join(t.testdir({}), 'catalog.sqlite');
  const open = () => openSqliteCatalog({ file, key: signingKeyToPem(key) });
  const first = open();
  await first.catalog.found(LOG, certifyKey(LOG, 1, key.publicKey, generateSigningKey()), 1000);
  const { id } = await first.catalog.putSite('one', undefined, 2000);
  const calls = Array.from({ length: 20 }, (_, i) => first.catalog.putSite(`site-${i}`, undefined, 3000));
  const made = await Promise.all(calls);
  t.strictSame(
    made.map((site) => site.id),
    made.map((_, i) => id + 1 + i),
    'calls run in the order in which they were made',
  );
  const limits = { uploadedBefore: 0, openedBefore: 0, answeredBefore: 0 };
  t.match(await first.catalog.forecast([], limits), { objects: 0 }, 'a forecast has a thread of its own');
  const { manifests, close } = openManifestReads(file);
  await t.rejects(manifests.manifestPage(id, 9, undefined, 10), { code: 'no-such-revision' });
  await close();
  await first.close();
  await t.rejects(first.catalog.sites(), { code: 'unavailable' });

  const second = open();
  t.equal((await second.catalog.sites()).length, 21, 'everything is there after it was opened again');
  await second.close();
});

t.test('a file that is no database is named by each call, and closed without one', async (t) => {
  const folder = t.testdir({ 'catalog.sqlite': 'x'.repeat(5000) });
  const { catalog, close } = openSqliteCatalog({
    file: join(folder, 'catalog.sqlite'),
    key: signingKeyToPem(key),
  });
  await t.rejects(catalog.sites(), { code: 'data-folder-damaged' });
  await close();
});

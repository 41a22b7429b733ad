import t from 'tap';
import type { Catalog } from '../../../origin/catalog/catalog.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { certifyKey } from '../../../shared/log/certificate.ts';
import { recordHash } from '../../../shared/log/record.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import {
  certified,
  checkLog,
  fileOf,
  key,
  LOG,
  manifest,
  Publisher,
  recovery,
  type Theme,
} from './harness.ts';

export function logContract({ name, place, suite }: Theme): void {
  t.test(`${name}: founding`, async (t) => {
    const { catalog, close } = await (await place(t)).open(key);
    try {
      t.equal(await catalog.identity(), undefined, 'there is none before');
      await catalog.found(LOG, certified, 1000);
      t.strictSame(await catalog.identity(), { log: LOG, epoch: 1, key: certified });
      const other = generateSigningKey();
      await catalog.found('1'.repeat(32), certifyKey('1'.repeat(32), 1, other.publicKey, recovery), 2000);
      t.strictSame(await catalog.identity(), { log: LOG, epoch: 1, key: certified }, 'it happens once');
      t.equal(await checkLog(t, catalog), 1);
      t.match(await catalog.records(1, 10), [{ seq: 1, kind: 'key', critical: true, time: 1000, site: 0 }]);
    } finally {
      await close();
    }
  });

  suite('records are read from a number on', async (t, catalog) => {
    for (const site of ['a', 'b', 'c']) await catalog.putSite(site, undefined, 1);
    const seqs = async (from: number, limit: number) =>
      (await catalog.records(from, limit)).map(({ seq }) => seq);
    t.strictSame(await seqs(1, 100), [1, 2, 3, 4]);
    t.strictSame(await seqs(2, 2), [2, 3]);
    t.strictSame(await seqs(4, 10), [4]);
    t.strictSame(await seqs(5, 10), []);
    t.strictSame(await seqs(1, 0), []);
  });

  suite('the hash of each record can be asked for, until it is pruned', async (t, catalog) => {
    for (const site of ['a', 'b']) await catalog.putSite(site, undefined, 1);
    const records = await catalog.records(1, 10);
    for (const record of records) t.equal(await catalog.hashAt(record.seq), recordHash(record));
    t.equal(await catalog.hashAt(records.length + 1), 'beyond');
    const checkpoint = await catalog.addCheckpoint(2);
    await catalog.dropRecords(checkpoint, 2);
    t.equal(await catalog.hashAt(2), 'pruned');
    t.not(await catalog.hashAt(3), 'pruned');
  });

  suite('a log that is denied appends takes none, and is read on', async (t, catalog) => {
    await catalog.putSite('a', undefined, 1);
    const { seq } = await catalog.head(1);
    await catalog.denyAppends('edge-1 knows more');
    await t.rejects(catalog.putSite('b', undefined, 1), {
      code: 'log-diverged',
      message: 'edge-1 knows more',
    });
    await t.rejects(catalog.addCheckpoint(2), { code: 'log-diverged' });
    t.equal((await catalog.head(2)).seq, seq);
    t.strictSame(
      (await catalog.sites()).map(({ name }) => name),
      ['a'],
      'what was refused left nothing behind',
    );
  });

  suite('calls run in the order in which they were made', async (t, catalog) => {
    const names = Array.from({ length: 50 }, (_, i) => `site-${i}`);
    await Promise.all(names.map((site) => catalog.putSite(site, undefined, 1)));
    const settings = (await catalog.records(2, 100)).map(
      ({ payload }) => (JSON.parse(payload) as { name: string }).name,
    );
    t.strictSame(settings, names);
    t.strictSame([...settings].sort(), [...names].sort(), 'each once');
    t.equal(await checkLog(t, catalog), 51);
  });

  t.test(`${name}: everything is there after it was opened again`, async (t) => {
    const where = await place(t);
    const before = await where.open(key);
    await before.catalog.found(LOG, certified, 1);
    const site = await before.catalog.putSite('one', ['one.example'], 1);
    const publisher = new Publisher(before.catalog);
    await publisher.publish(site.id, { a: '1' });
    await publisher.publish(site.id, { a: '2' });
    const open = await publisher.deploy(site.id, [fileOf('b', 'not uploaded')], null);
    const seen = async (catalog: Catalog) => ({
      identity: await catalog.identity(),
      records: await catalog.records(1, 100),
      head: await catalog.head(5),
      sites: await catalog.sites(),
      revisions: await catalog.revisions(site.id, 10),
      manifest: await manifest(catalog, site.id, 2),
      deploy: await catalog.deploy(open),
      missing: await catalog.missingObjects(open, undefined),
      object: await catalog.siteObject(site.id, digestOf('1')),
    });
    const expected = await seen(before.catalog);
    await before.close();

    const after = await where.open(key);
    try {
      t.strictSame(await seen(after.catalog), expected);
      await new Publisher(after.catalog).publish(site.id, { a: '3' });
      t.equal(await checkLog(t, after.catalog), expected.records.length + 2, 'the log goes on at its end');
    } finally {
      await after.close();
    }
  });
}

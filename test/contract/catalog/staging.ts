import t from 'tap';
import { digestOf } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import {
  at,
  certified,
  checkLog,
  digests,
  digestsOf,
  key,
  LOG,
  manifest,
  Publisher,
  rootOf,
  type Theme,
} from './harness.ts';

export function stagingContract({ name, place, suite }: Theme): void {
  suite('what is staged is not seen', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    const { revision, newest, leftover } = await catalog.beginStaging(site);
    t.strictSame({ revision, newest, leftover }, { revision: 2, newest: 1, leftover: false });
    const b = await catalog.entryAt(site, 1, at('b'));
    if (b === undefined) throw new Error('b is not there');
    const staged: Entry = { ...b, path: at('new'), time: 9 };
    await catalog.stage(site, revision, [
      { kind: 'delete', path: at('a') },
      { kind: 'put', entry: staged },
      { kind: 'put', entry: { ...b, digest: digestOf('2') } },
    ]);
    t.equal(await catalog.staged(site, at('a')), undefined);
    t.strictSame(await catalog.staged(site, at('new')), staged);
    t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: '1', b: '1' }));
    t.match(await catalog.siteNamed('one'), { revision: 1, files: 2 });
    t.equal((await catalog.revisions(site, 10)).length, 1);
    while (await catalog.unstage(site, revision, 1));
    await catalog.endStaging(site);
    t.strictSame(
      digests(await manifest(catalog, site, 1)),
      digestsOf({ a: '1', b: '1' }),
      'taken back, row by row',
    );
    t.strictSame(await catalog.staged(site, at('b')), b);
    t.equal(await catalog.staged(site, at('new')), undefined);
    t.match(await catalog.beginStaging(site), { revision: 2, leftover: false });
  });

  suite('a revision that was revealed is not unstaged', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    await publisher.publish(site, { a: '2', b: '1' });
    for (const revision of [1, 2]) await t.rejects(catalog.unstage(site, revision, 10));
    t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: '1', b: '1' }));
    t.strictSame(digests(await manifest(catalog, site, 2)), digestsOf({ a: '2', b: '1' }));
  });

  t.test(`${name}: what was staged when it was closed is left over, and taken back`, async (t) => {
    const where = await place(t);
    const before = await where.open(key);
    await before.catalog.found(LOG, certified, 1);
    const publisher = new Publisher(before.catalog);
    const { id: site } = await before.catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    await before.catalog.beginStaging(site);
    await before.catalog.stage(site, 2, [{ kind: 'delete', path: at('a') }]);
    await before.catalog.sealLeaves(site, 2, -1, 10);
    await before.catalog.sealRoot(site, 2);
    await before.close();

    const after = await where.open(key);
    try {
      const { catalog } = after;
      t.match(await catalog.siteNamed('one'), { revision: 1, files: 2 });
      t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: '1', b: '1' }));
      t.match(await catalog.beginStaging(site), { revision: 2, leftover: true });
      t.match(await new Publisher(catalog).publish(site, { a: '1', b: '1' }), {
        revision: 1,
        unchanged: true,
      });
      t.match(await new Publisher(catalog).publish(site, { a: '1', b: '2' }), { revision: 2 });
      const { root } = await catalog.revision(site, 2);
      t.equal(root, rootOf(await manifest(catalog, site, 2)));
      await checkLog(t, catalog);
    } finally {
      await after.close();
    }
  });
}

import { digestOf } from '../../../shared/content/digest.ts';
import { at, checkLog, digests, digestsOf, manifest, rootOf, type Theme } from './harness.ts';

export function revisionsContract({ suite }: Theme): void {
  suite('a revision and its records', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const tree = { 'index.html': '<p>', 'a/b.css': 'p {}', empty: '' };
    const commit = await publisher.publish(site, tree);
    t.match(commit, { revision: 1, seq: 4, unchanged: false });
    const entries = await manifest(catalog, site, 1);
    t.strictSame(digests(entries), digestsOf(tree));
    const revision = await catalog.revision(site, 1);
    t.match(revision, { revision: 1, seq: 4, base: 0, files: 3, bytes: 7, restores: null, live: true });
    t.equal(revision.root, rootOf(entries), 'the root is that of the definition');
    t.strictSame(await catalog.revisions(site, 10), [revision]);
    t.match(await catalog.siteNamed('one'), { revision: 1, newest: 1, files: 3, bytes: 7 });
    t.strictSame(await catalog.entryAt(site, 1, at('a/b.css')), {
      path: 'a/b.css',
      digest: digestOf('p {}'),
      size: 4,
      chunks: null,
      type: 'text/css',
      meta: [],
      time: revision.time,
    });
    t.equal(await catalog.entryAt(site, 1, at('a/b')), undefined);
    t.equal(await catalog.entryAt(site, 0, at('empty')), undefined, 'revision 0 is empty');
    const [record, activate] = await catalog.records(3, 10);
    t.match(record, {
      kind: 'revision',
      critical: true,
      site,
      revision: 1,
      root: revision.root,
      time: revision.time,
    });
    t.match(activate, { kind: 'activate', critical: true, site, revision: 1, root: revision.root });
    t.equal(await checkLog(t, catalog), 4);
    await t.rejects(catalog.revision(site, 2), { code: 'no-such-revision' });
    await t.rejects(catalog.revision(site, 0), { code: 'no-such-revision' });
  });

  suite('a page of revisions ends by their bytes', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    // Six bytes each in an answer.
    const message = '\u0001'.repeat(1000);
    for (let i = 1; i <= 400; i++)
      await publisher.committer.commitChanges(site, { message }, async (time) => [
        {
          kind: 'put',
          entry: {
            path: at('a'),
            digest: digestOf(`${i}`),
            size: 1,
            chunks: null,
            type: 'x',
            meta: [],
            time,
          },
        },
      ]);
    const page = await catalog.revisions(site, 9999);
    t.ok(JSON.stringify(page).length < 1.1 * 1024 * 1024, 'of a megabyte');
    t.equal(page[0]?.revision, 400);
    const rest: number[] = [];
    for (let last = 401; last > 1; last = rest.at(-1) ?? 0)
      rest.push(...(await catalog.revisions(site, 9999, last)).map(({ revision }) => revision));
    t.strictSame(
      rest,
      Array.from({ length: 400 }, (_, i) => 400 - i),
      'the others come before its last one',
    );
    t.strictSame(await catalog.revisions(site, 9999, 1), []);
  });

  suite('an unchanged tree is no new revision', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const first = await publisher.publish(site, { a: 'x', b: 'y' });
    const head = await checkLog(t, catalog);
    t.strictSame(await publisher.publish(site, { b: 'y', a: 'x' }), { ...first, unchanged: true });
    t.equal(await checkLog(t, catalog), head);
    t.equal((await publisher.publish(site, { a: 'x' })).revision, 2, 'and no number is used up');
  });

  suite('a revision may be based on any', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1', c: '1' });
    await publisher.publish(site, { a: '2', d: '2' });
    const third = await publisher.change(site, 1, { b: '3' }, ['c', 'not there']);
    t.match(await catalog.revision(site, third.revision), { base: 1, files: 2, live: true });
    t.strictSame(digests(await manifest(catalog, site, 3)), digestsOf({ a: '1', b: '3' }));
    const fourth = await publisher.change(site, 0, { z: '4' });
    t.strictSame(
      digests(await manifest(catalog, site, fourth.revision)),
      digestsOf({ z: '4' }),
      '0 is empty',
    );
  });

  suite('a path keeps the time of the commit that gave it its digest', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    await publisher.publish(site, { a: '1', b: '2' });
    const time = async (revision: number, path: string) =>
      (await catalog.entryAt(site, revision, at(path)))?.time;
    t.equal(await time(2, 'a'), (await catalog.revision(site, 1)).time);
    t.equal(await time(2, 'b'), (await catalog.revision(site, 2)).time);
  });

  suite('rollback', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    t.equal(await catalog.formerlyLive(site), undefined);
    await t.rejects(publisher.committer.rollback(site, undefined), { code: 'nothing-to-roll-back' });
    await publisher.publish(site, { a: '1' });
    t.equal(await catalog.formerlyLive(site), undefined);
    await publisher.publish(site, { a: '2', b: '2' });
    t.equal((await catalog.formerlyLive(site))?.revision, 1);
    t.match(await publisher.committer.rollback(site, undefined), { revision: 3, unchanged: false });
    const [first, third] = [await catalog.revision(site, 1), await catalog.revision(site, 3)];
    t.equal(third.root, first.root, 'the old content, to the byte, times included');
    t.match(third, { restores: 1, base: 1, files: 1, live: true });
    t.equal((await catalog.formerlyLive(site))?.revision, 2, 'back again is the way forwards');
    await t.rejects(publisher.committer.rollback(site, 9), { code: 'no-such-revision' });
    t.match(await publisher.committer.rollback(site, 1), { revision: 3, unchanged: true });
    await checkLog(t, catalog);
  });
}

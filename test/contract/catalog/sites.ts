import type { BucketChange } from '../../../origin/catalog/bucket-calls.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../shared/site/site-policy.ts';
import { deletionOf, putOf } from './buckets.ts';
import { checkLog, fileOf, manifest, rootOf, type Theme } from './harness.ts';

export function sitesContract({ suite }: Theme): void {
  suite('sites', async (t, catalog) => {
    t.strictSame(await catalog.sites(), []);
    await t.rejects(catalog.siteNamed('one'), { code: 'no-such-site' });
    t.strictSame(await catalog.siteIds(['one']), []);
    const one = await catalog.putSite('one', undefined, 5);
    t.match(one, { name: 'one', domains: [], revision: 0, newest: 0, files: 0, bytes: 0 });
    t.strictSame(await catalog.putSite('one', undefined, 6), one, 'repeating it changes nothing');
    t.equal((await catalog.records(1, 10)).length, 2, 'and is not written down');
    const changed = await catalog.putSite('one', ['one.example', 'www.one.example'], 7);
    t.strictSame(changed, { ...one, domains: ['one.example', 'www.one.example'] });
    t.strictSame(await catalog.putSite('one', undefined, 8), changed, 'without domains they stay');
    await catalog.putSite('alpha', [], 9);
    t.strictSame(
      (await catalog.sites()).map((site) => site.name),
      ['alpha', 'one'],
    );
    t.strictSame((await catalog.putSite('one', [], 10)).domains, []);
    const settings = (await catalog.records(2, 10)).map(({ kind, site, payload }) => [
      kind,
      site,
      JSON.parse(payload),
    ]);
    t.strictSame(settings[1], [
      'settings',
      one.id,
      {
        ...{ name: 'one', domains: ['one.example', 'www.one.example'], deleted: false },
        policy: DEFAULT_POLICY,
      },
    ]);
    await checkLog(t, catalog);
  });

  suite('a domain belongs to one site', async (t, catalog) => {
    await catalog.putSite('one', ['one.example'], 1);
    await catalog.putSite('two', ['two.example'], 1);
    const records = (await catalog.records(1, 100)).length;
    await t.rejects(catalog.putSite('two', ['x.example', 'one.example'], 1), {
      code: 'domain-taken',
      message: /one\.example belongs to the site one/,
    });
    await t.rejects(catalog.putSite('three', ['one.example'], 1), { code: 'domain-taken' });
    t.strictSame(
      (await catalog.siteNamed('two')).domains,
      ['two.example'],
      'what is refused changes nothing',
    );
    await t.rejects(catalog.siteNamed('three'), { code: 'no-such-site' });
    t.equal((await catalog.records(1, 100)).length, records);
    await t.rejects(catalog.putSite('two', ['*.example', 'more.example'], 1), {
      code: 'domain-taken',
      message: /\*\.example overlaps with one\.example, which belongs to the site one/,
    });
    await catalog.putSite('one', ['one.example', 'more.example', '*.one.example'], 1);
    await t.rejects(catalog.putSite('two', ['login.one.example'], 1), {
      code: 'domain-taken',
      message: /login\.one\.example overlaps with \*\.one\.example, which belongs to the site one/,
    });
    await catalog.deleteSite('one', 1);
    await catalog.putSite('two', ['one.example'], 1);
    t.strictSame((await catalog.siteNamed('two')).domains, ['one.example'], 'a deleted site lets go of them');
  });

  suite('domains are changed by whoever has the right to them', async (t, catalog) => {
    await catalog.putSite('one', ['one.example'], 1);
    const put = (domains: string[] | undefined, rights: string[]) =>
      catalog.putSite('one', domains, 1, undefined, rights);
    await put(undefined, []);
    await put(['one.example'], []);
    const records = (await catalog.records(1, 100)).length;
    for (const domains of [[], ['two.example'], ['one.example', 'two.example']])
      await t.rejects(put(domains, ['*.two.example']), { code: 'forbidden' });
    await t.rejects(catalog.putSite('new', ['new.example'], 1, undefined, []), { code: 'forbidden' });
    await t.rejects(catalog.siteNamed('new'), { code: 'no-such-site' });
    t.equal((await catalog.records(1, 100)).length, records, 'what is refused changes nothing');
    t.strictSame((await put(['one.example', 'a.two.example'], ['*.two.example'])).domains, [
      'one.example',
      'a.two.example',
    ]);
  });

  suite('a site is deleted only if nothing was published, where that is asked', async (t, catalog, publisher) => {
    const deleted = (name: string) => catalog.deleteSite(name, 2, { unpublished: true });
    const { id } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(id, { a: 'x' });
    await catalog.putSite('two', ['two.example'], 1);
    await catalog.putSite('three', undefined, 1, { mode: 'sync' });
    for (const name of ['one', 'two']) await t.rejects(deleted(name), { code: 'site-published' }, name);
    await deleted('three');
    t.strictSame(
      (await catalog.sites()).map(({ name }) => name),
      ['one', 'two'],
    );
    await t.rejects(deleted('three'), { code: 'no-such-site' });
  });

  suite('a site with files is not deleted where an empty one is meant', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const change = (changes: BucketChange) => catalog.changeBucket([changes], 1);
    t.strictSame(await change(putOf(id, 'a', 'x')), ['done']);
    await t.rejects(catalog.deleteSite('one', 2, { unpublished: true }), { code: 'site-published' });
    const asEmpty = () => catalog.deleteSite('one', 2, { empty: true });
    await t.rejects(asEmpty(), { code: 'site-not-empty' }, 'an object that is in no revision yet');
    await change(deletionOf(id, 'a'));
    await publisher.publish(id, { b: 'y' });
    await t.rejects(asEmpty(), { code: 'site-not-empty' }, 'a published file');
    await change(deletionOf(id, 'b'));
    await asEmpty();
    t.strictSame(await catalog.sites(), []);
  });

  suite('a site is not deleted under a commit', async (t, catalog, publisher) => {
    const { id } = await catalog.putSite('one', undefined, 1);
    const { committer } = publisher;
    let deleted: Promise<void> | undefined;
    const committed = await committer.commitChanges(id, {}, async () => {
      deleted = committer.deleteSite(id, { unpublished: true });
      deleted.catch(() => {});
      return [];
    });
    t.match(committed, { revision: 1, outcome: 'live' });
    if (deleted === undefined) throw new Error('a commit asks for its changes');
    await t.rejects(deleted, { code: 'site-published' });
    await publisher.upload(id, ['x']);
    const second = await publisher.deploy(id, [fileOf('b', 'x')], null);
    await Promise.all([
      committer.deleteSite(id),
      t.rejects(committer.commitDeploy(second), { code: /^no-such-/ }),
    ]);
    const records = (await catalog.records(1, 100)).length;
    await t.rejects(
      catalog.reveal({
        ...{ site: id, revision: 2, root: digestOf('root'), base: 1, message: '', restores: null, time: 3 },
        ...{ mode: 'async', activate: null, deploy: null },
      }),
      { code: 'no-such-site' },
    );
    t.equal((await catalog.records(1, 100)).length, records);
  });

  suite('a deleted site is gone, and a new one of its name is another', async (t, catalog, publisher) => {
    const first = await catalog.putSite('one', ['one.example'], 1);
    await publisher.publish(first.id, { a: 'x' });
    const open = await publisher.deploy(first.id, [fileOf('b', 'x')], null);
    await catalog.deleteSite('one', 2);
    await t.rejects(catalog.siteNamed('one'), { code: 'no-such-site' });
    t.strictSame(await catalog.siteIds(['one']), []);
    await t.rejects(catalog.deleteSite('one', 3), { code: 'no-such-site' });
    await t.rejects(catalog.deploy(open), { code: 'no-such-deploy' });
    await t.rejects(catalog.beginStaging(first.id), { code: 'no-such-site' });
    t.strictSame(await catalog.sites(), []);
    const second = await catalog.putSite('one', undefined, 4);
    t.not(second.id, first.id);
    t.match(second, { revision: 0, newest: 0, files: 0, domains: [] });
    t.strictSame(await catalog.revisions(second.id, 10), []);
    t.equal(await catalog.siteObject(second.id, digestOf('x')), undefined);
    await checkLog(t, catalog);
  });

  suite('sites are published at the same time', async (t, catalog, publisher) => {
    const sites = await Promise.all(['a', 'b', 'c'].map((site) => catalog.putSite(site, undefined, 1)));
    await Promise.all(
      sites.flatMap(({ id, name: site }) =>
        [1, 2, 3].map((i) => publisher.change(id, 0, { [`${site}-${i}`]: `${i}` })),
      ),
    );
    for (const { id } of sites) {
      const revisions = await catalog.revisions(id, 10);
      t.strictSame(
        revisions.map(({ revision }) => revision),
        [3, 2, 1],
      );
      for (const { revision, root } of revisions)
        t.equal(root, rootOf(await manifest(catalog, id, revision)));
    }
    t.equal(await checkLog(t, catalog), 1 + 3 + 9 * 2);
  });
}

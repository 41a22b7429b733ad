import type { SizeMismatch } from '../../../origin/catalog/deploy-calls.ts';
import { conflictingPaths, missingObjects, missingPages } from '../../../origin/catalog/deploy-pages.ts';
import type { FileDetails } from '../../../origin/catalog/file-change.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import { checkLog, deletionOf, diff, digests, digestsOf, fileOf, manifest, type Theme } from './harness.ts';

async function mismatch(
  catalog: Parameters<typeof missingPages>[0],
  id: string,
): Promise<SizeMismatch | undefined> {
  for await (const page of missingPages(catalog, id)) if (page.mismatch) return page.mismatch;
  return undefined;
}

export function deploysContract({ suite }: Theme): void {
  suite('objects are known per site', async (t, catalog) => {
    const one = await catalog.putSite('one', undefined, 1);
    const two = await catalog.putSite('two', undefined, 1);
    const plain = { site: one.id, digest: digestOf('x'), size: 1, chunks: null };
    const chunked = { site: one.id, digest: digestOf('big'), size: 2_000_000, chunks: digestOf('list') };
    await catalog.addObjects([plain, chunked], 5);
    await catalog.addObjects([plain], 6);
    t.strictSame(await catalog.siteObject(one.id, plain.digest), plain);
    t.strictSame(await catalog.siteObject(one.id, chunked.digest), chunked);
    t.equal(await catalog.siteObject(two.id, plain.digest), undefined, 'a digest grants no bytes');
    await catalog.addObjects([{ ...plain, site: two.id }], 7);
    t.strictSame(await catalog.siteObject(two.id, plain.digest), { ...plain, site: two.id });
    t.equal(await catalog.siteObject(one.id, digestOf('absent')), undefined);
    await catalog.addObjects([], 8);
  });

  suite('a deploy', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await t.rejects(catalog.deploy('none'), { code: 'no-such-deploy' });
    await catalog.createDeploy('d', site, 2);
    t.strictSame(await catalog.deploy('d'), {
      id: 'd',
      site,
      siteName: 'one',
      base: null,
      expect: null,
      result: null,
    });
    await catalog.completeDeploy('d', 3, 4);
    t.match(await catalog.deploy('d'), { base: 3, expect: 4 });
    const result: Commit = {
      ...{ revision: 1, seq: 2, unchanged: true, receipts: [] },
      ...{ mode: 'async', outcome: 'live', edges: [], opens: null },
    };
    await catalog.finishDeploy('d', result);
    t.strictSame((await catalog.deploy('d')).result, result);
    await catalog.dropDeploy('d');
    await t.rejects(catalog.deploy('d'), { code: 'no-such-deploy' });
    await t.rejects(catalog.dropDeploy('d'), { code: 'no-such-deploy' });
    await t.rejects(catalog.addDeployFiles('d', []), { code: 'no-such-deploy' });
    await t.rejects(catalog.missingObjects('d', undefined), { code: 'no-such-deploy' });
  });

  suite('what a deploy is missing', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const other = await catalog.putSite('two', undefined, 1);
    await publisher.upload(site, ['here']);
    await publisher.upload(other.id, ['elsewhere']);
    const id = await publisher.deploy(
      site,
      [
        fileOf('a', 'here'),
        fileOf('b', 'elsewhere'),
        fileOf('c', 'nowhere'),
        fileOf('d', 'nowhere'),
        fileOf('e', ''),
        deletionOf('f'),
      ],
      0,
    );
    const expected = ['elsewhere', 'nowhere', ''].map((content) => digestOf(content)).sort();
    const { missing, next } = await catalog.missingObjects(id, undefined);
    t.strictSame(missing.toSorted(), expected, 'each once');
    t.equal(next, undefined);
    const { revision } = await catalog.beginStaging(site);
    const stage = () => catalog.stageDeploy(id, revision, 5, undefined);
    await t.rejects(stage(), { code: 'objects-missing' }, 'nothing is staged without its object');
    await publisher.upload(site, ['nowhere', '']);
    await t.rejects(stage(), { code: 'objects-missing' }, 'an object of another site does not count');
    await publisher.upload(site, ['elsewhere']);
    t.equal(await stage(), undefined);
    t.strictSame((await catalog.staged(site, fileOf('b', '').path))?.digest, digestOf('elsewhere'));
    t.strictSame(await catalog.missingObjects(id, undefined), {
      missing: [],
      mismatch: undefined,
      next: undefined,
    });
  });

  suite('a deploy of many files is looked through in pages', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['here']);
    const files = Array.from({ length: 4500 }, (_, i) => fileOf(`f${i}`, i === 4321 ? 'nowhere' : 'here'));
    const id = await publisher.deploy(site, files, null);
    const first = await catalog.missingObjects(id, undefined);
    t.ok(first.next, 'no call is as long as the deploy');
    const all: string[] = [];
    for await (const digest of missingObjects(catalog, id)) all.push(digest);
    t.strictSame(all, [digestOf('nowhere')]);
    t.equal(await mismatch(catalog, id), undefined);
    await catalog.addDeployFiles(id, [{ ...fileOf('wrong', 'here'), size: 5 }]);
    t.strictSame(await mismatch(catalog, id), { path: 'wrong', declared: 5, size: 4 });
    const odd = await publisher.deploy(site, [{ ...fileOf('wrong', 'here'), size: 5 }], null);
    const { revision } = await catalog.beginStaging(site);
    await t.rejects(catalog.stageDeploy(odd, revision, 5, undefined), { code: 'objects-missing' });
  });

  suite('a path that is named twice', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const id = await publisher.deploy(site, [fileOf('a', 'x')], null);
    await t.rejects(catalog.addDeployFiles(id, [fileOf('a', 'x')]), {
      code: 'duplicate-path',
      message: /path a /,
    });
    await t.rejects(catalog.addDeployFiles(id, [fileOf('b', 'y'), fileOf('b', 'y')]), {
      code: 'duplicate-path',
    });
    await t.rejects(catalog.addDeployFiles(id, [fileOf('c', 'z'), deletionOf('c')]), {
      code: 'duplicate-path',
    });
    t.strictSame(
      (await catalog.missingObjects(id, undefined)).missing,
      [digestOf('x')],
      'what is refused is not kept',
    );
    await catalog.addDeployFiles(id, [fileOf('A', 'x'), fileOf('é', 'x'), fileOf('e\u0301', 'x')]);
  });

  suite('a size that is not that of the object', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['four']);
    const wrong = { ...fileOf('a', 'four'), size: 5 };
    const id = await publisher.deploy(site, [], null);
    t.equal(await mismatch(catalog, id), undefined);
    const second = await publisher.deploy(site, [wrong], null);
    t.strictSame(await mismatch(catalog, second), { path: 'a', declared: 5, size: 4 });
    const third = await publisher.deploy(site, [{ ...fileOf('a', 'later'), size: 1 }], null);
    t.equal(await mismatch(catalog, third), undefined);
    await publisher.upload(site, ['later']);
    await t.rejects(publisher.committer.commitDeploy(third), { code: 'size-mismatch' });
    t.equal((await catalog.siteNamed('one')).revision, 0);
  });

  suite('a deploy is committed once', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['x']);
    const id = await publisher.deploy(site, [fileOf('a', 'x')], null);
    const commits = await Promise.all([1, 2, 3].map(() => publisher.committer.commitDeploy(id)));
    for (const commit of commits) t.strictSame(commit, commits[0]);
    await publisher.publish(site, { a: 'other' });
    t.strictSame(await publisher.committer.commitDeploy(id), commits[0], 'also when the world has moved on');
    t.equal((await catalog.siteNamed('one')).revision, 2);
  });

  suite('a type and metadata belong to the entry', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.upload(site, ['x']);
    const publish = async (details: Partial<FileDetails>, base: number | null = null) => {
      const id = await publisher.deploy(site, [{ ...fileOf('a.txt', 'x'), ...details }], base);
      return publisher.committer.commitDeploy(id);
    };
    const entry = async (revision: number) => (await manifest(catalog, site, revision))[0];
    t.match(await publish({}), { revision: 1 });
    const first = await entry(1);
    t.match(first, { type: 'text/plain', meta: [] }, "the name decides what the client doesn't");
    const meta = [['cache-control', 'no-store']] as const;
    t.match(await publish({ meta }), { revision: 2, unchanged: false }, 'metadata alone is a change');
    t.strictSame(await entry(2), { ...first, meta }, 'and the time is that of the digest');
    t.match(await publish({ meta }), { revision: 2, unchanged: true });
    t.match(await publish({ type: 'text/markdown', meta }, 2), { revision: 3 });
    t.strictSame(await entry(3), { ...first, type: 'text/markdown', meta });
    t.strictSame(await diff(catalog, site, 2, 3), [`+a.txt ${digestOf('x')} ${first?.time}`]);
    t.match(await publish({}), { revision: 4 }, 'a publish without them takes them away');
    t.strictSame(await entry(4), first);
    t.equal((await catalog.revision(site, 4)).root, (await catalog.revision(site, 1)).root);
    const rolledBack = await publisher.committer.rollback(site, 3);
    t.strictSame(await entry(rolledBack.revision), { ...first, type: 'text/markdown', meta });
  });

  suite('two deploys from one base', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1', c: '1', d: '1' });
    await publisher.upload(site, ['2', '3']);
    const change = (...files: Parameters<typeof publisher.deploy>[1][number][]) =>
      publisher.deploy(site, files, 1);
    const first = await change(fileOf('a', '2'), deletionOf('d'), fileOf('new', '2'));
    const beside = await change(fileOf('b', '3'), deletionOf('not there'));
    const same = await change(fileOf('a', '2'), deletionOf('d'), fileOf('c', '3'));
    const both = await change(fileOf('a', '3'), fileOf('b', '3'), fileOf('d', '1'), fileOf('new', '3'));
    const { committer } = publisher;
    t.match(await committer.commitDeploy(first), { revision: 2 });
    await t.rejects(committer.commitDeploy(beside, { onConflict: 'refuse' }), {
      code: 'deploy-conflict',
      details: { base: 1, current: 2, paths: [] },
    });
    t.match(await committer.commitDeploy(beside), { revision: 3 });
    t.strictSame(
      digests(await manifest(catalog, site, 3)),
      digestsOf({ a: '2', b: '3', c: '1', new: '2' }),
      'rebased, because they touch different paths',
    );
    t.match(await catalog.revision(site, 3), { base: 2 });
    t.match(await committer.commitDeploy(same), { revision: 4 }, 'the same change twice is no conflict');
    const head = await checkLog(t, catalog);
    const refused = { code: 'deploy-conflict', details: { base: 1, current: 4 } } as const;
    await t.rejects(committer.commitDeploy(both), refused);
    const error = await committer.commitDeploy(both).catch((error: unknown) => error);
    const { paths } = (error as { details: { paths: string[] } }).details;
    t.strictSame(paths.toSorted(), ['a', 'd', 'new'], 'b is as the deploy wants it already');
    t.equal(await checkLog(t, catalog), head);
    t.match(await committer.commitDeploy(both, { onConflict: 'replace' }), { revision: 5 });
    t.strictSame(
      digests(await manifest(catalog, site, 5)),
      digestsOf({ a: '3', b: '3', c: '1', d: '1', new: '3' }),
      'the base with its changes',
    );
    const whole = await publisher.deploy(site, [fileOf('a', '2')], null);
    t.match(
      await committer.commitDeploy(whole, { onConflict: 'refuse' }),
      { revision: 6 },
      'a whole tree has no base',
    );
    const metadata = { ...fileOf('a', '2'), meta: [['cache-control', 'no-store']] as const };
    const old = await publisher.deploy(site, [metadata], 5);
    await t.rejects(committer.commitDeploy(old), { code: 'deploy-conflict', details: { paths: ['a'] } });
  });

  suite('conflicts are found in pages', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const names = Array.from({ length: 2100 }, (_, i) => `f${i}`);
    await publisher.publish(site, Object.fromEntries(names.map((name) => [name, '1'])));
    await publisher.publish(site, Object.fromEntries(names.map((name) => [name, '2'])));
    await publisher.upload(site, ['3']);
    const id = await publisher.deploy(
      site,
      names.map((name) => fileOf(name, '3')),
      1,
    );
    const page = await catalog.deployConflicts(id, 1, 2, undefined);
    t.ok(page.next && page.paths.length < names.length, 'no call is as long as the deploy');
    const all: string[] = [];
    for await (const path of conflictingPaths(catalog, id, 1, 2)) all.push(path);
    t.strictSame(all.toSorted(), names.toSorted());
    const error = await publisher.committer.commitDeploy(id).catch((error: unknown) => error);
    t.equal((error as { details: { paths: string[] } }).details.paths.length, 100, 'the first are named');
  });

  suite('the key of a request', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const id = await publisher.deploy(site, [], null);
    const request = { token: 'token', key: 'key', print: 'print' };
    await catalog.keyDeploy(id, request);
    t.strictSame(await catalog.keyedDeploy('token', 'key', 1), { id, print: 'print' });
    t.equal(await catalog.keyedDeploy('other', 'key', 1), undefined, 'each token has its own keys');
    t.equal(await catalog.keyedDeploy('token', 'other', 1), undefined);
    const dayLater = publisher.clock.now() + 24 * 3_600_000;
    t.equal(await catalog.keyedDeploy('token', 'key', dayLater), undefined, 'after a day it is forgotten');
    const next = await publisher.deploy(site, [], null);
    await catalog.keyDeploy(next, { ...request, print: 'new' });
    t.strictSame(await catalog.keyedDeploy('token', 'key', 1), { id: next, print: 'new' });
    await catalog.dropDeploy(next);
    t.equal(
      await catalog.keyedDeploy('token', 'key', 1),
      undefined,
      'so is one of a deploy that was given up',
    );
    await t.rejects(catalog.keyDeploy(next, request), { code: 'no-such-deploy' });
  });

  suite('what a commit refuses leaves everything as it was', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: 'x' });
    const head = await checkLog(t, catalog);
    const missing = await publisher.deploy(site, [fileOf('a', 'never uploaded')], null);
    await t.rejects(publisher.committer.commitDeploy(missing), {
      code: 'objects-missing',
      details: { missing: [digestOf('never uploaded')] },
    });
    const moved = await publisher.deploy(site, [fileOf('a', 'x')], null, 7);
    await t.rejects(publisher.committer.commitDeploy(moved), {
      code: 'revision-moved',
      details: { current: 1 },
    });
    const baseless = await publisher.deploy(site, [fileOf('b', 'x')], 9);
    await t.rejects(publisher.committer.commitDeploy(baseless), { code: 'no-such-revision' });
    t.equal(await checkLog(t, catalog), head);
    t.strictSame(digests(await manifest(catalog, site, 1)), digestsOf({ a: 'x' }));
    t.equal((await publisher.publish(site, { a: 'z' })).revision, 2);
  });
}

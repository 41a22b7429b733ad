import type { BucketChange, ListQuery } from '../../../origin/catalog/bucket-calls.ts';
import { positionAfter } from '../../../origin/catalog/bucket-listing.ts';
import type { Catalog } from '../../../origin/catalog/catalog.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { at, type Publisher, type Theme } from './harness.ts';

export const putOf = (site: number, path: string, content: string, condition = {}): BucketChange => ({
  ...{ site, path: at(path), condition },
  put: {
    ...{ digest: digestOf(content), size: content.length, chunks: null, type: 'text/plain', meta: [] },
    ...{ etag: `etag-${content}`, detail: { headers: { 'x-amz-meta-of': content } } },
  },
});
export const deletionOf = (site: number, path: string, condition = {}): BucketChange => ({
  ...{ site, path: at(path), condition, put: null },
});

/** All names of a listing, read in pages of this size. */
async function names(
  catalog: Catalog,
  site: number,
  asked: Partial<ListQuery> & { after?: string },
  page = 2,
) {
  const query = { prefix: asked.prefix ?? '', delimiter: asked.delimiter ?? '' };
  const found: string[] = [];
  for (let next = positionAfter(asked.after ?? '', query); ; ) {
    const { items, next: further } = await catalog.bucketPage(site, query, next, page);
    found.push(...items.map((item) => (item.kind === 'object' ? item.object.path : item.prefix)));
    if (further === undefined) return found;
    next = further;
  }
}

/** Makes a revision of the held changes. */
async function commitHeld(catalog: Catalog, { committer }: Publisher, site: number, id: string) {
  const until = await catalog.openHeld(id, site, 1);
  if (until === undefined) return undefined;
  return committer.commitOverlay(site, { answerIn: id }, async (revision, time) => {
    await catalog.stageHeld(site, revision, time, { after: 0, until });
  });
}

export function bucketsContract({ suite }: Theme): void {
  suite('what many requests name is found in one call', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await catalog.putSite('empty', undefined, 1);
    await publisher.publish(site, { a: '1' });
    await catalog.changeBucket([putOf(site, 'b', 'two')], 2);
    const token = { id: 'known', secretHash: Buffer.alloc(32), scope: 'admin', edge: null, mayRead: null };
    await catalog.createToken({ ...token, expires: null }, 1);
    const found = await catalog.namedByRequests([
      { token: 'known', bucket: 'one', path: at('a') },
      { token: 'known', bucket: 'one', path: at('b') },
      { token: 'known', bucket: 'one', path: at('c') },
      { token: 'other', bucket: 'empty', path: at('a') },
      { token: 'other', bucket: 'none', path: at('a') },
      { token: 'known', bucket: undefined, path: undefined },
    ]);
    t.strictSame(found.tokens, new Map([['known', await catalog.token('known')]]));
    t.strictSame([...found.sites.keys()].sort(), ['empty', 'one']);
    t.strictSame(found.sites.get('one'), await catalog.siteNamed('one'));
    const objects = await Promise.all([at('a'), at('b')].map((path) => catalog.bucketObject(site, path)));
    t.strictSame(found.objects, [...objects, undefined, undefined, undefined, undefined]);
  });

  suite('changes of S3 clients are seen at once, and are in the next revision', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '2', c: '3' });
    t.strictSame(await catalog.heldSites(), []);
    t.equal(await catalog.openHeld('none', site, 1), undefined);
    t.match(await catalog.bucketObject(site, at('a')), { size: 1, etag: /^[0-9a-f]{32}-1$/, detail: null });

    const changes = [
      putOf(site, 'b', 'two'),
      deletionOf(site, 'c'),
      putOf(site, 'd', 'four'),
      deletionOf(site, 'none'),
    ];
    t.strictSame(await catalog.changeBucket(changes, 77), ['done', 'done', 'done', 'done']);
    t.strictSame(await names(catalog, site, {}), ['a', 'b', 'd']);
    const held = { etag: 'etag-two', time: 77, detail: { headers: { 'x-amz-meta-of': 'two' } } };
    t.match(await catalog.bucketObject(site, at('b')), held);
    t.equal(await catalog.bucketObject(site, at('c')), undefined);
    t.equal((await catalog.entryAt(site, 1, at('b')))?.size, 1, 'the revision stays as it was');
    t.strictSame(await catalog.heldSites(), [site]);

    // What comes during the commit is for the next one.
    const until = await catalog.openHeld('first', site, 1);
    await catalog.changeBucket([putOf(site, 'd', 'late')], 88);
    const commit = await publisher.committer.commitOverlay(
      site,
      { answerIn: 'first' },
      async (revision, time) => {
        await catalog.stageHeld(site, revision, time, { after: 0, until: until ?? 0 });
      },
    );
    t.match(commit, { revision: 2, outcome: 'live' });
    t.equal((await catalog.entryAt(site, 2, at('b')))?.digest, digestOf('two'));
    t.equal(await catalog.entryAt(site, 2, at('c')), undefined);
    t.match(await catalog.bucketObject(site, at('b')), held, 'what S3 stored stays');
    t.match(await catalog.bucketObject(site, at('d')), { etag: 'etag-late' });
    t.match(await commitHeld(catalog, publisher, site, 'second'), { revision: 3, outcome: 'live' });
    t.strictSame(await catalog.heldSites(), []);
    t.strictSame(await names(catalog, site, {}), ['a', 'b', 'd']);

    // Another publish replaces a file, so what S3 stored about it is over.
    await publisher.change(site, 3, { b: 'other' });
    t.match(await catalog.bucketObject(site, at('b')), { digest: digestOf('other'), detail: null });
    // A change to what is there already needs no revision.
    await catalog.changeBucket([putOf(site, 'd', 'late')], 99);
    t.match(await commitHeld(catalog, publisher, site, 'third'), { revision: 4, unchanged: true });
    t.strictSame(await catalog.heldSites(), []);
  });

  suite('an aborted publish leaves the changes held', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await catalog.changeBucket([putOf(site, 'a', '1')], 1);
    await t.rejects(
      publisher.committer.commitOverlay(site, { answerIn: 'no' }, () => Promise.reject(new Error('no'))),
    );
    t.strictSame(await catalog.heldSites(), [site]);
    t.match(await commitHeld(catalog, publisher, site, 'yes'), { revision: 1 });
    t.strictSame(await catalog.heldSites(), []);
  });

  suite('conditions are judged and kept in one transaction', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { old: '1' });
    const outcomes = await catalog.changeBucket(
      [
        putOf(site, 'a', '1', { ifNoneMatch: '*' }),
        putOf(site, 'a', '2', { ifNoneMatch: '*' }),
        putOf(site, 'a', '3', { ifMatch: '"etag-2"' }),
        putOf(site, 'a', '4', { ifMatch: 'etag-1' }),
        putOf(site, 'none', '5', { ifMatch: '*' }),
        putOf(site, 'old', '6', { ifNoneMatch: '*' }),
        deletionOf(site, 'a', { ifMatch: '"etag-1"' }),
        deletionOf(site, 'none', { ifMatch: '*' }),
        deletionOf(site, 'old', { ifMatch: '*' }),
      ],
      1,
    );
    t.strictSame(outcomes, [
      'done',
      'failed',
      'failed',
      'done',
      'missing',
      'failed',
      'failed',
      'missing',
      'done',
    ]);
    t.strictSame(await names(catalog, site, {}), ['a']);
    const seen = await catalog.bucketObject(site, at('a'));
    if (seen === undefined) throw new Error('the object is there');
    const otherHeaders = putOf(site, 'a', '4');
    await catalog.changeBucket(
      [{ ...otherHeaders, put: otherHeaders.put && { ...otherHeaders.put, detail: { headers: {} } } }],
      1,
    );
    const asSeen = () => catalog.changeBucket([putOf(site, 'a', '7', { ifObject: seen })], 1);
    t.strictSame(await asSeen(), ['failed'], 'the same bytes with other headers are another object');
    await catalog.changeBucket([otherHeaders], 1);
    t.strictSame(await asSeen(), ['done']);
    await catalog.deleteSite('one', 1);
    await t.rejects(catalog.changeBucket([putOf(site, 'a', '1')], 1), { code: 'no-such-site' });
    t.strictSame(await catalog.heldSites(), []);
  });

  suite('the quota counts what is held', async (t, catalog, publisher) => {
    const { id: site, policy } = await catalog.putSite('one', undefined, 1);
    const limit = (bytes: number, files: number) =>
      catalog.putSite('one', undefined, 1, { ...policy, quota: { bytes, files, fileBytes: null } });
    await publisher.publish(site, { old: '12345' });
    await limit(10, 3);
    const put = (path: string, content: string) => putOf(site, path, content);
    const outcomes = [put('a', '12345'), put('b', '1'), put('old', '1'), put('b', '1'), put('c', '1')];
    t.strictSame(await catalog.changeBucket(outcomes, 1), ['done', 'full', 'done', 'done', 'full']);
    t.strictSame(await catalog.changeBucket([deletionOf(site, 'a'), put('c', '12345678')], 1), [
      'done',
      'done',
    ]);
    t.strictSame(await catalog.changeBucket([put('c', '123456789')], 1), ['full']);
    t.strictSame(await names(catalog, site, {}), ['b', 'c', 'old']);
    t.match(await commitHeld(catalog, publisher, site, 'fits'), { outcome: 'live' });
    t.strictSame(await catalog.changeBucket([put('d', '')], 1), ['full'], 'the number of files');
    await limit(3, 9);
    // A site that is too large already may become smaller.
    t.strictSame(await catalog.changeBucket([put('c', '1234567'), put('d', '1')], 1), ['done', 'full']);
  });

  suite('the quota counts no change that was not made', async (t, catalog) => {
    const { id: site, policy } = await catalog.putSite('one', undefined, 1);
    const quota = { bytes: 10, files: null, fileBytes: null };
    await catalog.putSite('one', undefined, 1, { ...policy, quota });
    const both = [putOf(site, 'a', '1'), putOf(site + 1, 'a', '1')];
    await t.rejects(catalog.changeBucket(both, 1), { code: 'no-such-site' });
    await catalog.createMultipart({ id: 'u', site, path: at('m'), created: 1, detail: { headers: {} } });
    t.equal(await catalog.finishMultipart('u', 'etag', putOf(site, 'm', '123456789'), 1), 'done');
    t.strictSame(await catalog.changeBucket([putOf(site, 'a', '12')], 1), ['full']);
  });

  suite('listings follow the order of UTF-8, over tip, changes and older revisions', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const gone = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`dir/gone-${i}`, 'x']));
    await publisher.publish(site, { ...gone, 'dir/a': '1', 'z.txt': '1', '\uffee': '1' });
    await publisher.publish(site, { 'dir/a': '2', 'z.txt': '1', '\uffee': '1', 'dir.txt': '1' });
    await catalog.changeBucket(
      [putOf(site, '😀', '1'), putOf(site, 'dir/sub/b', '1'), deletionOf(site, 'z.txt')],
      1,
    );
    // JavaScript's order would have the surrogates of 😀 before U+FFEE.
    const all = ['dir.txt', 'dir/a', 'dir/sub/b', '\uffee', '😀'];
    for (const page of [1, 2, 100]) t.strictSame(await names(catalog, site, {}, page), all);
    t.strictSame(await names(catalog, site, { delimiter: '/' }), ['dir.txt', 'dir/', '\uffee', '😀']);
    t.strictSame(await names(catalog, site, { delimiter: '/', prefix: 'dir/' }), ['dir/a', 'dir/sub/']);
    t.strictSame(await names(catalog, site, { prefix: 'dir/s' }), ['dir/sub/b']);
    t.strictSame(await names(catalog, site, { delimiter: '/', after: 'dir/' }), ['\uffee', '😀']);
    t.strictSame(await names(catalog, site, { delimiter: '/', after: 'dir/a' }), ['\uffee', '😀']);
    t.strictSame(await names(catalog, site, { after: 'dir/a' }), ['dir/sub/b', '\uffee', '😀']);
    t.strictSame(await names(catalog, site, { delimiter: 'r', prefix: '' }), ['dir', '\uffee', '😀']);
    t.strictSame(await names(catalog, site, { prefix: 'none' }), []);
  });
}

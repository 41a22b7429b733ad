import { digestOf } from '../../../shared/content/digest.ts';
import { putOf } from './buckets.ts';
import { at, type Theme } from './harness.ts';

const partOf = (upload: string, number: number, content: string) => ({
  ...{ upload, number, digest: digestOf(content), size: content.length, time: 6 },
  ...{ etag: `md5 of ${content}`, checksum: null },
});

export function multipartsContract({ suite }: Theme): void {
  suite('multipart uploads', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const upload = (id: string, path: string) => ({
      id,
      site,
      path: at(path),
      created: 5,
      detail: { headers: {} },
    });
    for (const [id, path] of [
      ['u1', 'b'],
      ['u2', 'a'],
      ['u3', 'b'],
      ['u4', 'dir/c'],
    ] as const)
      await catalog.createMultipart(upload(id, path));
    const start = { path: '', id: '' };
    const ids = async (prefix: string, after = start, limit = 10) =>
      (await catalog.multiparts(site, prefix, after, limit)).map(({ id }) => id);
    t.strictSame(await ids(''), ['u2', 'u1', 'u3', 'u4']);
    t.strictSame(await ids('', { path: 'b', id: 'u1' }, 1), ['u3']);
    t.strictSame(await ids('dir/'), ['u4']);

    const arrived = [
      ...[partOf('u1', 2, 'two'), partOf('u1', 1, 'one')],
      ...[partOf('none', 1, 'x'), partOf('u1', 2, 'TWO')],
    ];
    t.strictSame(await catalog.addParts(arrived), ['done', 'done', 'missing', 'done']);
    t.match(await catalog.parts('u1', 0, 10), [
      { number: 1, etag: 'md5 of one' },
      { number: 2, etag: 'md5 of TWO' },
    ]);
    t.match(await catalog.parts('u1', 1, 10), [{ number: 2 }]);

    const whole = putOf(site, 'b', 'oneTWO', { ifNoneMatch: '*' });
    t.equal(await catalog.finishMultipart('u1', 'etag-oneTWO', whole, 7), 'done');
    t.match(await catalog.bucketObject(site, at('b')), { etag: 'etag-oneTWO', time: 7 });
    t.equal((await catalog.multipart('u1'))?.result, 'etag-oneTWO');
    t.equal(await catalog.finishMultipart('u1', 'x', whole, 8), 'missing', 'once');
    t.equal(await catalog.finishMultipart('u3', 'x', whole, 8), 'failed', 'the condition counts');
    t.strictSame(await catalog.addParts([partOf('u1', 3, 'late')]), ['missing']);
    t.equal(await catalog.dropMultipart('u1'), false, 'a completed upload is not aborted');
    t.equal(await catalog.dropMultipart('u3'), true);
    t.equal(await catalog.multipart('u3'), undefined);
    t.strictSame(await ids(''), ['u2', 'u4']);
  });

  suite('parts count against the quota, of all uploads together', async (t, catalog, publisher) => {
    const { id: site, policy } = await catalog.putSite('one', undefined, 1);
    const limit = (bytes: number | null, files: number | null = null) =>
      catalog.putSite('one', undefined, 1, { ...policy, quota: { bytes, files, fileBytes: null } });
    const begin = (id: string, path: string, of = site) =>
      catalog.createMultipart({ id, site: of, path: at(path), created: 5, detail: { headers: {} } });
    const add = (...parts: readonly (readonly [string, number, string])[]) =>
      catalog.addParts(parts.map(([upload, number, content]) => partOf(upload, number, content)));
    const judge = (upload: string, number: number, size: number) =>
      catalog.judgePart({ upload, number, size });
    const put = async (path: string, content: string) =>
      (await catalog.changeBucket([putOf(site, path, content)], 1))[0];

    await publisher.publish(site, { old: '123' });
    await begin('u1', 'a');
    await begin('u2', 'b');
    t.strictSame(await add(['u1', 1, '12']), ['done']);
    // What came before the quota counts, too.
    await limit(10);
    t.equal(await put('held', '1'), 'done');
    t.strictSame(await add(['u2', 1, '12'], ['u1', 2, '123'], ['u2', 2, '12']), ['done', 'full', 'done']);
    t.match(await catalog.parts('u1', 0, 10), [{ number: 1 }], 'a part that is refused is not kept');
    t.equal((await catalog.parts('u1', 0, 10)).length, 1);
    t.strictSame([await judge('u1', 2, 0), await judge('u1', 2, 1)], ['done', 'full']);
    t.equal(await judge('none', 1, 1), 'missing');
    t.equal(await put('more', '1'), 'full', 'objects have no room that parts take');
    t.equal(await put('old', '12'), 'done');

    // A part that replaces another counts its new size alone.
    t.strictSame([await judge('u2', 2, 3), await judge('u2', 2, 4)], ['done', 'full']);
    t.strictSame(await add(['u2', 2, '123'], ['u2', 2, '1234'], ['u2', 2, '1']), ['done', 'full', 'done']);
    t.strictSame([await judge('u1', 2, 2), await judge('u1', 2, 3)], ['done', 'full']);
    t.strictSame(await add(['u1', 2, '12']), ['done']);

    // The object takes the room of its parts, also of those that it does not use.
    t.equal(await catalog.finishMultipart('u1', 'etag', putOf(site, 'a', '12'), 7), 'done');
    t.strictSame([await judge('u2', 3, 2), await judge('u2', 3, 3)], ['done', 'full']);
    t.equal(await catalog.dropMultipart('u2'), true);
    t.equal(await put('more', '12345'), 'done', 'what was aborted gives its room back');
    t.equal(await put('last', '1'), 'full');

    // A site that is too large already may become smaller, and gets no object that no commit could take.
    await limit(null);
    await begin('u3', 'c');
    t.strictSame(await add(['u3', 1, '12345']), ['done']);
    await limit(10);
    t.strictSame(await add(['u3', 1, '123456'], ['u3', 1, '1234']), ['full', 'done']);
    t.equal(await catalog.finishMultipart('u3', 'etag', putOf(site, 'c', '1234'), 8), 'full');
    t.equal((await catalog.parts('u3', 0, 10)).length, 1, 'and its parts stay');

    const retained = { openedBefore: 0, answeredBefore: 10, uploadedBefore: 0 };
    await catalog.dropLeftovers(retained, 100);
    t.equal(await judge('u3', 1, 1), 'missing');
    await begin('u4', 'd');
    await limit(11);
    t.strictSame([await judge('u4', 1, 1), await judge('u4', 1, 2)], ['done', 'full'], 'as what expired');

    const { id: other } = await catalog.putSite('two', undefined, 1);
    await begin('u5', 'a', other);
    t.strictSame(await add(['u5', 1, '123456789012']), ['done'], 'another site has no quota');
    await catalog.deleteSite('two', 1);
    await t.rejects(add(['u5', 2, '1']), { code: 'no-such-site' });
    await t.rejects(judge('u5', 2, 1), { code: 'no-such-site' });
  });
}

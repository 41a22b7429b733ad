import { digestOf } from '../../../shared/content/digest.ts';
import { putOf } from './buckets.ts';
import { at, type Theme } from './harness.ts';

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

    const part = (id: string, number: number, content: string) => ({
      ...{ upload: id, number, digest: digestOf(content), size: content.length, time: 6 },
      ...{ etag: `md5 of ${content}`, checksum: null },
    });
    const arrived = [part('u1', 2, 'two'), part('u1', 1, 'one'), part('none', 1, 'x'), part('u1', 2, 'TWO')];
    t.strictSame(await catalog.addParts(arrived), [true, true, false, true]);
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
    t.strictSame(await catalog.addParts([part('u1', 3, 'late')]), [false]);
    t.equal(await catalog.dropMultipart('u1'), false, 'a completed upload is not aborted');
    t.equal(await catalog.dropMultipart('u3'), true);
    t.equal(await catalog.multipart('u3'), undefined);
    t.strictSame(await ids(''), ['u2', 'u4']);
  });
}

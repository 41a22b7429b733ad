import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import type { SiteRow } from '../../../../origin/catalog/site-calls.ts';
import { SiteFiles } from '../../../../origin/ingest/site-files.ts';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import type { Commit } from '../../../../shared/wire/api.ts';

const at = (path: string) => path as ContentPath;
const commit = { revision: 3, seq: 9, mode: 'async', unchanged: false } as unknown as Commit;

/** A site whose live revision 1 has `live` and whose tip 2 has `put` in its place. */
function world() {
  const done: unknown[] = [];
  const manifests = new Map([
    [1, 'live'],
    [2, 'put'],
  ]);
  const isThere = (revision: number, path: string) => manifests.get(revision) === path || path === 'both';
  const files = new SiteFiles({
    catalog: {
      async siteNamed(name) {
        if (name !== 'docs') throw new SkerryError('no-such-site', name);
        return { id: 7, name, revision: 1, tip: 2, policy: DEFAULT_POLICY } as SiteRow;
      },
      revision: async () => {
        throw new Error('a site without a quota needs no revision');
      },
      entryAt: async (_site, revision, path) =>
        isThere(revision, path)
          ? {
              ...{ path, digest: digestOf(path), size: path.length, chunks: null },
              ...{ type: 'text/plain', meta: [], time: revision },
            }
          : undefined,
    },
    store: {
      open: async (digest, span) =>
        digest === digestOf('both') ? Readable.from(['both'.slice(span?.start, span?.end)]) : undefined,
    },
    intake: {
      async take(site, body, expected) {
        const bytes = await buffer(body);
        done.push(['taken', site, expected]);
        return { site, digest: digestOf(bytes), size: bytes.length, chunks: null };
      },
    },
    rules: {
      async check(_site, { path }) {
        if (path === '_headers') throw new SkerryError('bad-rules', path);
      },
    },
    changes: {
      async add(site, change, mode) {
        done.push([change.kind, site, change.path, mode]);
        return commit;
      },
    },
    noteAct: (act, what) => void done.push([act, what.path, what.revision]),
  });
  return { files, done };
}

const body = (text: string) => Readable.from([Buffer.from(text)]);

t.test('a file is put', async (t) => {
  const { files, done } = world();
  const expected = digestOf('content') as Digest;
  const put = await files.put('docs', at('a'), body('content'), { mode: 'batch', expected });
  t.match(put, { object: { digest: expected, size: 7 }, commit });
  t.strictSame(done, [
    ['taken', 7, expected],
    ['put', 7, 'a', 'batch'],
    ['file-put', 'a', 3],
  ]);
});

t.test('what is refused is not committed', async (t) => {
  const { files, done } = world();
  await t.rejects(files.put('docs', at('_headers'), body('x')), { code: 'bad-rules' });
  await t.rejects(files.put('blog', at('a'), body('x')), { code: 'no-such-site' });
  await t.rejects(files.delete('blog', at('both')), { code: 'no-such-site' });
  await t.rejects(files.get('blog', at('both')), { code: 'no-such-site' });
  t.strictSame(done, [['taken', 7, undefined]]);
});

t.test('what is got is live, what is deleted is of the tip', async (t) => {
  const { files, done } = world();
  t.match(await files.get('docs', at('live')), { entry: { time: 1 } });
  await t.rejects(files.get('docs', at('put')), { code: 'no-such-file' }, 'it waits for its window');
  await t.rejects(files.delete('docs', at('live')), { code: 'no-such-file' }, 'it is deleted already');
  t.strictSame(done, []);
  t.equal(await files.delete('docs', at('put'), 'sync'), commit);
  t.strictSame(done, [
    ['delete', 7, 'put', 'sync'],
    ['file-delete', 'put', 3],
  ]);
});

t.test('bytes are opened when they are wanted', async (t) => {
  const { files } = world();
  const both = await files.get('docs', at('both'));
  t.equal(String(await buffer(await both.open())), 'both');
  t.equal(String(await buffer(await both.open({ start: 1, end: 3 }))), 'ot');
  const gone = await files.get('docs', at('live'));
  await t.rejects(gone.open(), { code: 'no-such-object' });
});

import { createHash } from 'node:crypto';
import t from 'tap';
import { contentType, entryHeaders, etagOf, wantsReprDigest } from '../../../../edge/serve/headers.ts';
import type { ContentPath } from '../../../../shared/content-path.ts';
import { digestOf } from '../../../../shared/digest.ts';
import type { Entry } from '../../../../shared/entry.ts';

const entry: Entry = {
  path: 'a.txt' as ContentPath,
  digest: digestOf('hello'),
  size: 5,
  chunks: null,
  type: 'text/plain',
  meta: [],
  time: Date.UTC(2024, 1, 3, 4, 5, 6, 789),
};

t.test('the ETag is strong and comes from the bytes', async (t) => {
  t.equal(etagOf(entry), `"${createHash('sha256').update('hello').digest('hex')}"`);
});

t.test('what a 200 and a 304 have in common', async (t) => {
  t.strictSame(entryHeaders(entry, false), {
    etag: etagOf(entry),
    'last-modified': 'Sat, 03 Feb 2024 04:05:06 GMT',
    'cache-control': 'public, max-age=0, must-revalidate',
  });
});

t.test('stored response metadata is sent, and goes before the defaults', async (t) => {
  const stored: Entry = {
    ...entry,
    meta: [
      ['cache-control', 'public, max-age=31536000, immutable'],
      ['x-robots-tag', 'noindex'],
    ],
  };
  t.match(entryHeaders(stored, false), {
    etag: etagOf(entry),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-robots-tag': 'noindex',
  });
});

t.test('the digest of the representation, on request (RFC 9530)', async (t) => {
  const base64 = createHash('sha256').update('hello').digest('base64');
  t.equal(entryHeaders(entry, true)['repr-digest'], `sha-256=:${base64}:`);
  t.notOk('repr-digest' in entryHeaders(entry, false));
});

t.test('who wants a digest', async (t) => {
  const table: [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['sha-256=1', true],
    ['sha-256=10', true],
    ['sha-256=0', false],
    ['sha-256=11', false],
    ['sha-256=100', false],
    ['sha-256', false],
    ['sha-512=3, sha-256=10', true],
    ['sha-512=3,sha-256=1,unixsum=0', true],
    ['sha-256=5, sha-512=10', true],
    ['sha-512=10', false],
    ['md5=1', false],
    ['xsha-256=1', false],
    ['sha-2567=1', false],
  ];
  for (const [header, expected] of table) t.equal(wantsReprDigest(header), expected, `${header}`);
});

t.test('textual types carry their charset', async (t) => {
  const table: [string, string][] = [
    ['text/html', 'text/html; charset=utf-8'],
    ['text/css', 'text/css; charset=utf-8'],
    ['text/javascript', 'text/javascript; charset=utf-8'],
    ['application/javascript', 'application/javascript; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['application/ld+json', 'application/ld+json; charset=utf-8'],
    ['application/manifest+json', 'application/manifest+json; charset=utf-8'],
    ['application/atom+xml', 'application/atom+xml; charset=utf-8'],
    ['image/svg+xml', 'image/svg+xml; charset=utf-8'],
    ['image/png', 'image/png'],
    ['font/woff2', 'font/woff2'],
    ['application/wasm', 'application/wasm'],
    ['application/octet-stream', 'application/octet-stream'],
    ['application/jsonx', 'application/jsonx'],
    ['video/mp4', 'video/mp4'],
  ];
  for (const [type, expected] of table) t.equal(contentType(type), expected, type);
});

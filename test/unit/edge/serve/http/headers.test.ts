import { createHash } from 'node:crypto';
import t from 'tap';
import { contentType, etagOf, reprDigest, wantsReprDigest } from '../../../../../edge/serve/http/headers.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

t.test('the ETag is strong and comes from the bytes', async (t) => {
  t.equal(etagOf(digestOf('hello')), `"${createHash('sha256').update('hello').digest('hex')}"`);
});

t.test('the digest of the representation (RFC 9530)', async (t) => {
  const base64 = createHash('sha256').update('hello').digest('base64');
  t.equal(reprDigest(digestOf('hello')), `sha-256=:${base64}:`);
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

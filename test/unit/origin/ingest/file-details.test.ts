import t from 'tap';
import { detailsOfHeaders, givenDetails } from '../../../../origin/ingest/file-details.ts';

t.test('details that a deploy gives', async (t) => {
  t.strictSame(givenDetails(undefined), { type: null, meta: [] });
  t.strictSame(givenDetails('application/octet-stream'), { type: 'application/octet-stream', meta: [] });
  t.strictSame(givenDetails('TEXT/HTML;charset=UTF-8'), { type: 'text/html', meta: [] });
  t.strictSame(givenDetails('text/html; charset="iso-8859-1"'), {
    type: 'text/html',
    meta: [['content-type', 'text/html;charset=iso-8859-1']],
  });
  t.strictSame(givenDetails(undefined, { 'X-Skerry-Meta-Z': 'z', 'Cache-Control': 'no-store' }).meta, [
    ['cache-control', 'no-store'],
    ['x-skerry-meta-z', 'z'],
  ]);
  for (const name of [
    'etag',
    'content-type',
    'content-length',
    'set-cookie',
    'x-skerry-meta-',
    '',
    '__proto__',
  ])
    t.throws(() => givenDetails(undefined, Object.fromEntries([[name, 'x']])), { code: 'bad-meta' }, name);
  t.throws(() => givenDetails(undefined, { 'x-skerry-meta-a': '1', 'X-Skerry-Meta-A': '2' }), {
    code: 'bad-meta',
    message: /named twice/,
  });
  t.throws(() => givenDetails('html'), { code: 'bad-meta', message: /"html" is not a media type/ });
  t.throws(() => givenDetails(`text/plain;a=${'b'.repeat(3000)}`), { code: 'bad-meta' });
});

t.test('details in the headers of a request', async (t) => {
  const request = { host: 'localhost', 'user-agent': 'curl', 'content-length': '5', accept: '*/*' };
  t.strictSame(detailsOfHeaders(request), { type: null, meta: [] });
  for (const type of ['application/octet-stream', 'application/x-www-form-urlencoded'])
    t.equal(detailsOfHeaders({ ...request, 'content-type': type }).type, null, `${type} says nothing`);
  t.strictSame(
    detailsOfHeaders({
      ...request,
      ...{ 'content-type': 'text/css', 'cache-control': 'max-age=5', 'x-skerry-meta-a': 'b' },
      ...{ 'content-language': 'de', 'content-disposition': 'inline', 'x-other': 'c' },
    }),
    {
      type: 'text/css',
      meta: [
        ['cache-control', 'max-age=5'],
        ['content-disposition', 'inline'],
        ['content-language', 'de'],
        ['x-skerry-meta-a', 'b'],
      ],
    },
  );
  t.throws(() => detailsOfHeaders({ 'content-encoding': 'gzip' }), { code: 'bad-meta', message: /gzip/ });
  t.strictSame(detailsOfHeaders({ 'content-encoding': 'identity' }).meta, []);
  t.throws(() => detailsOfHeaders({ 'cache-control': 'caché' }), { code: 'bad-meta' });
  t.throws(() => detailsOfHeaders({ 'content-type': 'nonsense' }), { code: 'bad-meta' });
});

import t from 'tap';
import { decide, type ReaderHeaders, type ServedSite } from '../../../../../edge/serve/site/decide.ts';
import type { Variant } from '../../../../../edge/variants/variant.ts';
import { isImmutableName } from '../../../../../shared/content/asset-name.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry, EntryMeta } from '../../../../../shared/content/entry.ts';
import { mediaType } from '../../../../../shared/content/media-type.ts';
import { siteRules } from '../../../../../shared/site/rules/site-rules.ts';

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const date = (offset: number) => new Date(TIME + offset).toUTCString();
const tag = (digest: Digest) => `"${digest}"`;

interface Given {
  readonly headers?: string;
  readonly redirects?: string;
  readonly held?: string;
  readonly former?: Record<string, number>;
  /** What is not published. */
  readonly without?: readonly string[];
  /** Prefixes of what needs a token. */
  readonly hidden?: readonly string[];
  /** What is stored with every file. */
  readonly meta?: EntryMeta;
  /** What the reader's token is for. */
  readonly admitted?: readonly string[];
}

const CONTENTS: Record<string, string> = {
  'index.html': '<h1>home</h1>',
  '404.html': '<h1>nothing</h1>',
  'a.txt': '0123456789',
  'app.3f2a9bc1.js': 'go()',
  'docs/index.html': 'docs',
};
const entryOf = (path: string): Entry => ({
  path: path as ContentPath,
  digest: digestOf(CONTENTS[path] ?? path),
  size: (CONTENTS[path] ?? path).length,
  chunks: null,
  type: mediaType(path),
  meta: [],
  time: TIME,
});
const variant = (coding: Variant['coding'], size: number): Variant => ({
  coding,
  size,
  digest: digestOf(`${coding} of a.txt`),
});
const BR = variant('br', 4);
const GZIP = variant('gzip', 6);

function site({
  headers = '',
  redirects = '',
  held,
  former = {},
  without = [],
  hidden = [],
  admitted = [],
  meta = [],
}: Given = {}): ServedSite {
  return {
    name: 'www',
    revision: 7,
    rules: siteRules(headers, redirects),
    lookup: (path) => (path in CONTENTS && !without.includes(path) ? { ...entryOf(path), meta } : undefined),
    holds: (path) => held === undefined || path.startsWith(held),
    isImmutable: isImmutableName,
    variants: ({ path }) => (path === 'a.txt' ? [BR, GZIP] : []),
    isCompressible: ({ type }) => type.startsWith('text/'),
    isPrivate: (path) => hidden.some((prefix) => path.startsWith(prefix)),
    mayRead: (path) => admitted.includes(path),
    formerAsset(request) {
      const revision = request.kind === 'file' ? former[request.path] : undefined;
      return request.kind === 'file' && revision !== undefined
        ? { entry: entryOf(request.path), revision }
        : undefined;
    },
  };
}

const get = (target: string, headers: ReaderHeaders = {}, given: Given = {}, method = 'GET') =>
  decide({ method, target, headers, client: '10.0.0.1' }, site(given));

t.test('a page', async (t) => {
  const { digest, size } = entryOf('index.html');
  t.strictSame(get('/'), {
    status: 200,
    headers: {
      'skerry-revision': 'www@7',
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=0, must-revalidate',
      etag: tag(digest),
      'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
      'accept-ranges': 'bytes',
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(size),
      vary: 'Accept-Encoding',
    },
    body: {
      kind: 'bytes',
      representation: { digest, size, coding: undefined, source: digest },
      range: undefined,
    },
  });
});

t.test('what is stored with a file', async (t) => {
  const meta: EntryMeta = [
    ['cache-control', 'no-store'],
    ['content-disposition', 'attachment'],
    ['content-language', 'de'],
    ['content-type', 'text/plain;charset=iso-8859-1'],
    ['x-skerry-meta-by', 'me'],
  ];
  const stored = Object.fromEntries(meta);
  t.match(get('/a.txt', {}, { meta }), { status: 200, headers: stored });
  t.match(get('/a.txt', { range: 'bytes=0-1' }, { meta }), { status: 206, headers: stored });
  const { 'content-type': _type, ...onRevalidation } = stored;
  const tagged = { 'if-none-match': tag(digestOf('0123456789')) };
  t.match(get('/a.txt', tagged, { meta }), { status: 304, headers: onRevalidation });

  const rules = '/*\n  Cache-Control: max-age=60\n  ! X-Skerry-Meta-By\n';
  const ruled = get('/a.txt', {}, { meta, headers: rules }).headers;
  t.equal(ruled['cache-control'], 'max-age=60', 'the rules of the site come last');
  t.notOk('x-skerry-meta-by' in ruled);
  t.equal(ruled['content-disposition'], 'attachment');

  const hidden = { meta, hidden: ['/a'], admitted: ['/a.txt'] };
  t.equal(get('/a.txt', {}, hidden).headers['cache-control'], 'private, max-age=0, must-revalidate');

  const page = get('/nothing', {}, { meta });
  t.match(page, {
    status: 404,
    headers: { 'content-type': 'text/plain;charset=iso-8859-1', 'content-language': 'de' },
  });
  t.equal(page.headers['cache-control'], 'no-cache', 'an error page is no such file');
  t.notOk('content-disposition' in page.headers);
  for (const asked of [{ 'if-match': '"other"' }, { range: 'bytes=99-' }]) {
    const { status, headers } = get('/a.txt', asked, { meta });
    t.ok(status === 412 || status === 416);
    for (const name of ['content-disposition', 'content-language', 'x-skerry-meta-by'])
      t.notOk(name in headers, `${status} has no ${name}`);
  }
});

t.test('HEAD has the header section of GET and no body, whatever range it names', async (t) => {
  for (const target of ['/', '/a.txt', '/nothing', '/docs', '/%']) {
    const whole = get(target);
    t.strictSame(
      get(target, { range: 'bytes=0-1' }, {}, 'HEAD'),
      { ...whole, body: { kind: 'none' } },
      target,
    );
  }
});

t.test('methods', async (t) => {
  t.match(get('/', {}, {}, 'OPTIONS'), { status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } });
  t.match(get('*', {}, {}, 'OPTIONS'), { status: 204 });
  const cors = '/fonts/*\n  Access-Control-Allow-Origin: *\n  X-Other: 1';
  const preflight = get('/fonts/a.woff2', {}, { headers: cors }, 'OPTIONS');
  t.match(preflight.headers, { 'access-control-allow-origin': '*' });
  t.notOk('x-other' in preflight.headers);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'get'])
    t.match(get('/', {}, {}, method), { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } }, method);
});

t.test('targets that are none', async (t) => {
  for (const target of ['', '*', 'a', '/..', '/%', '/%00', '/a/../../b', 'http://other/'])
    t.equal(get(target).status, 400, target);
});

t.test('conditions', async (t) => {
  const { digest } = entryOf('index.html');
  const table: [ReaderHeaders, number][] = [
    [{ 'if-none-match': tag(digest) }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-modified-since': date(0) }, 304],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-unmodified-since': date(-2000) }, 412],
    [{ 'if-match': '"x"', 'if-none-match': tag(digest) }, 412],
  ];
  for (const [headers, status] of table) t.equal(get('/', headers).status, status, JSON.stringify(headers));
  const unchanged = get('/', { 'if-none-match': tag(digest) });
  t.match(unchanged.headers, { etag: tag(digest), vary: 'Accept-Encoding', 'cache-control': /max-age/ });
  for (const name of ['content-length', 'content-type', 'content-encoding'])
    t.notOk(name in unchanged.headers, name);
  t.equal(get('/nothing', { 'if-none-match': '*' }).status, 404, 'an error has no condition');
});

t.test('ranges', async (t) => {
  const { digest } = entryOf('a.txt');
  const part = get('/a.txt', { range: 'bytes=2-4' });
  t.match(part, {
    status: 206,
    headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3', etag: tag(digest) },
    body: { kind: 'bytes', range: { start: 2, end: 5 } },
  });
  const beyond = get('/a.txt', { range: 'bytes=10-' });
  t.match(beyond, { status: 416, headers: { 'content-range': 'bytes */10' } });
  t.notOk('etag' in beyond.headers);
  t.equal(get('/a.txt', { range: 'bytes=2-4', 'if-range': '"x"' }).status, 200);
  t.equal(get('/a.txt', { range: 'bytes=2-4', 'if-range': tag(digest) }).status, 206);
  const several = get('/a.txt', { range: 'bytes=0-1,-2' });
  t.match(several, { status: 206, headers: { 'content-type': /^multipart\/byteranges; boundary=/ } });
  t.notOk('content-range' in several.headers);
  t.equal(get('/nothing', { range: 'bytes=0-1' }).status, 404, 'an error page is sent whole');
});

t.test('codings', async (t) => {
  const plain = entryOf('a.txt');
  const coding = (headers: ReaderHeaders) => get('/a.txt', headers).headers['content-encoding'];
  const chosen = get('/a.txt', { 'accept-encoding': 'gzip, deflate, br, zstd' });
  t.match(chosen.headers, {
    'content-encoding': 'br',
    'content-length': '4',
    etag: tag(BR.digest),
    vary: 'Accept-Encoding',
  });
  t.equal(coding({ 'accept-encoding': 'gzip' }), 'gzip');
  t.equal(coding({}), undefined);
  const accept = { 'accept-encoding': 'gzip, br' };
  t.match(
    get('/a.txt', { ...accept, 'if-none-match': tag(plain.digest) }),
    { status: 304, headers: { etag: tag(plain.digest) } },
    'a copy without coding is still right when there is a variant',
  );
  t.match(get('/a.txt', { ...accept, 'if-none-match': tag(GZIP.digest) }), {
    status: 304,
    headers: { etag: tag(GZIP.digest) },
  });
  t.match(
    get('/a.txt', { ...accept, range: 'bytes=5-', 'if-range': tag(plain.digest) }),
    { status: 206, headers: { 'content-range': 'bytes 5-9/10', 'content-encoding': undefined } },
    'a download begun without coding goes on',
  );
  t.equal(
    get('/a.txt', { 'if-none-match': tag(BR.digest) }).status,
    200,
    'not in a coding that is not accepted',
  );
  t.match(get('/a.txt', { ...accept, 'want-repr-digest': 'sha-256=5' }).headers, {
    'repr-digest': `sha-256=:${Buffer.from(BR.digest, 'hex').toString('base64')}:`,
  });
});

t.test('what may be kept', async (t) => {
  const kept = (target: string, given: Given = {}) => get(target, {}, given).headers['cache-control'];
  t.equal(kept('/app.3f2a9bc1.js'), 'public, max-age=31536000, immutable');
  t.equal(kept('/a.txt'), 'public, max-age=0, must-revalidate');
  t.equal(kept('/nothing.3f2a9bc1.js'), 'no-cache');
  t.equal(kept('/docs'), 'public, max-age=0, must-revalidate');
  const lasting = { headers: '/*\n  Cache-Control: public, max-age=60\n  CDN-Cache-Control: max-age=600' };
  t.equal(kept('/a.txt', lasting), 'public, max-age=60');
  t.equal(get('/a.txt', {}, lasting).headers['cdn-cache-control'], 'max-age=600');
  t.equal(kept('/nothing', lasting), 'no-cache', 'no error is kept as long as content');
  t.notOk('cdn-cache-control' in get('/nothing', {}, lasting).headers);
  t.equal(kept('/nothing', { ...lasting, redirects: '/* /index.html 200' }), 'public, max-age=60');
  for (const [asked, status] of [
    [{ 'if-match': '"x"' }, 412],
    [{ range: 'bytes=999-' }, 416],
  ] as const) {
    const error = get('/app.3f2a9bc1.js', asked, lasting);
    t.match(error, { status, headers: { 'cache-control': 'no-store' } }, 'nobody else asks so');
    t.notOk('cdn-cache-control' in error.headers, `${status}`);
  }
  t.equal(
    get('/gone.3f2a9bc1.js', {}, { redirects: '/gone.* /app.3f2a9bc1.js 200' }).headers['cache-control'],
    'public, max-age=0, must-revalidate',
    'a name is lasting only where it is the one asked for',
  );
});

t.test('_headers', async (t) => {
  const headers = `
/*
  X-Frame-Options: DENY
  Referrer-Policy: no-referrer
  Link: </a.css>; rel=preload
/docs/*
  ! X-Frame-Options
  Link: </b.css>; rel=preload
  X-Path: :splat
/a.txt
  Content-Type: application/octet-stream
  ! X-Content-Type-Options
/docs
  X-Docs: yes
/users/:id/*
  X-User: :id
`;
  const of = (target: string) => get(target, {}, { headers, redirects: '/users/* /index.html 200' }).headers;
  t.match(of('/'), { 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'x-docs': undefined });
  t.match(of('/docs/'), {
    'x-frame-options': undefined,
    'referrer-policy': 'no-referrer',
    link: '</a.css>; rel=preload, </b.css>; rel=preload',
    'x-docs': 'yes',
  });
  t.match(of('/a.txt'), { 'content-type': 'application/octet-stream', 'x-content-type-options': undefined });
  t.equal(of('/users/%C3%A9%0D%0Ax/profile')['x-user'], '%C3%A9%0D%0Ax', 'no capture breaks a line');
  t.equal(of('/nothing')['x-frame-options'], 'DENY', 'error pages are pages');
  t.notOk('x-frame-options' in get('/docs', {}, { headers, redirects: '' }).headers, 'a redirect is none');
});

t.test('what this edge does not hold', async (t) => {
  t.equal(get('/a.txt', {}, { held: 'docs/' }).status, 421);
  t.equal(get('/docs/', {}, { held: 'docs/' }).status, 200);
  t.match(get('/nothing', {}, { held: 'docs/' }), { status: 404, body: { kind: 'text' } });
});

t.test('an asset of an older revision says which', async (t) => {
  const former = { 'old.12345678.js': 5 };
  t.match(get('/old.12345678.js', {}, { former }), { status: 200, headers: { 'skerry-revision': 'www@5' } });
});

t.test('no Location names another host', async (t) => {
  const targets = ['/docs', '//docs', '/x//evil.example', '/x/%2f%2fevil.example', '/x/%5cevil.example'];
  for (const redirects of ['/x/* /:splat', '/* /:splat 301!', '/* /:splat/'])
    for (const target of targets) {
      const { location } = get(target, {}, { redirects }).headers;
      t.notOk(location !== undefined && /^[/\\]{2}/.test(location), `${target} by ${redirects}: ${location}`);
    }
});

t.test('private content', async (t) => {
  const redirects = '/rewritten/* /a.txt 200\n/moved /a.txt 301\n/forced /index.html 200!\n';
  const table: [target: string, hidden: string[], admitted: string[], status: number][] = [
    ['/a.txt', [], [], 200],
    ['/a.txt', ['/a.txt'], [], 403],
    ['/a.txt?skerry-token=x', ['/'], [], 403],
    ['/a.txt', ['/a.txt'], ['/a.txt'], 200],
    ['/%61.txt', ['/a.txt'], [], 403],
    ['/./a.txt', ['/a.txt'], [], 403],
    ['/x/../a.txt', ['/a.txt'], ['/x/'], 403],
    ['/', ['/index.html'], [], 404],
    ['/', ['/index.html'], ['/'], 404],
    ['/', ['/index.html'], ['/index.html'], 200],
    ['/rewritten/b', ['/a.txt'], [], 404],
    ['/rewritten/b', ['/a.txt'], ['/rewritten/b'], 404],
    ['/a.txt/b', ['/a.txt'], ['/a.txt/b'], 404],
    ['/rewritten/b', ['/a.txt'], ['/a.txt'], 200],
    ['/forced', ['/index.html'], [], 404],
    ['/docs', ['/docs/index.html'], [], 404],
    ['/docs', ['/docs/index.html'], ['/docs/index.html'], 301],
    ['/nowhere', ['/404.html'], [], 404],
    ['/moved', ['/moved'], [], 403],
    ['/moved', ['/moved'], ['/moved'], 301],
    ['/moved', ['/a.txt'], [], 301],
    ['/nowhere', ['/'], [], 403],
    ['/nowhere', ['/'], ['/nowhere'], 404],
    ['/nowhere', ['/a.txt'], [], 404],
  ];
  for (const [target, hidden, admitted, status] of table)
    t.equal(
      get(target, {}, { redirects, hidden, admitted }).status,
      status,
      `${target}, ${hidden} is private, token for ${admitted}`,
    );
  const { headers } = get('/a.txt', {}, { hidden: ['/'], admitted: ['/a.txt'] });
  t.equal(headers['cache-control'], 'private, max-age=0, must-revalidate');
  t.equal(get('/a.txt', {}, { hidden: ['/'] }).headers['cache-control'], 'no-store');
  t.equal(get('/a.txt', {}, { hidden: ['/'] }, 'HEAD').status, 403);
});

t.test('what leads to private content under a public name answers as if nothing were there', async (t) => {
  const redirects = '/r/* /a.txt 200\n/f /a.txt 200!\n/gone /a.txt 410\n/page/* /docs/index.html 200\n';
  const headers = '/*\n  X-Frame-Options: DENY\n';
  const table: [target: string, isPrivate: string][] = [
    ['/r/b', 'a.txt'],
    ['/r/b?skerry-token=x', 'a.txt'],
    ['/f', 'a.txt'],
    ['/gone', 'a.txt'],
    ['/page/x', 'docs/index.html'],
    ['/docs', 'docs/index.html'],
    ['/docs/', 'docs/index.html'],
    ['/', 'index.html'],
    ['/nothing', '404.html'],
    ['/docs/nothing', '404.html'],
  ];
  for (const [target, path] of table)
    for (const method of ['GET', 'HEAD'])
      for (const asked of [
        {},
        { range: 'bytes=0-1' },
        { 'if-none-match': '*' },
        { 'accept-encoding': 'br' },
      ]) {
        const rules = { redirects, headers };
        const hidden = get(target, asked, { ...rules, hidden: [`/${path}`] }, method);
        const without = get(target, asked, { ...rules, without: [path] }, method);
        t.strictSame(hidden, without, `${method} ${target} ${JSON.stringify(asked)}`);
        t.equal(hidden.status, 404);
      }
});

t.test('private content is not looked for, so that no time tells of it', async (t) => {
  const looked: string[] = [];
  const hidden = site({ redirects: '/r/* /a.txt 200', hidden: ['/a.txt'] });
  decide(
    { method: 'GET', target: '/r/b', headers: {}, client: '10.0.0.1' },
    {
      ...hidden,
      lookup(path) {
        looked.push(path);
        return hidden.lookup(path);
      },
    },
  );
  t.notOk(looked.includes('a.txt'));
});

t.test('an address that is too long for the rules', async (t) => {
  const long = `/${'%22'.repeat(4900)}`;
  const filling = { headers: `/*\n${`  X: ${':splat'.repeat(10)}\n`.repeat(120)}` };
  t.match(get(long, {}, filling), { status: 414, isExcess: true, headers: { 'cache-control': 'no-store' } });
  t.match(get(long, {}, filling, 'HEAD'), { status: 414, body: { kind: 'none' } });
  t.match(get(long, {}, filling, 'OPTIONS'), { status: 414 });
  t.match(get('/a.txt', {}, filling), { status: 200, isExcess: undefined });
  const redirects = `/r/* /${':splat'.repeat(10)}\n/f/* https://b.example/:splat 302!`;
  for (const target of [`/r${long}`, `/f${long}`, `/f/x?${'q'.repeat(9000)}`])
    t.match(get(target, {}, { redirects }), { status: 414, isExcess: true }, target.slice(0, 10));
  const { headers } = get(`/f/x?${'q'.repeat(4000)}`, {}, { redirects });
  t.equal(headers.location?.length, 'https://b.example/x?'.length + 4000);
  t.equal(get(`/w${long}`, {}, { redirects: '/w/* /:splat 200' }).status, 404, 'no page has such a name');
});

t.test('rules that are too much for a page', async (t) => {
  const line = `  X: ${'a'.repeat(3900)}\n`;
  const headers = ['/:a', '/a*', '/*', '/*.txt'].map((on) => `${on}\n${line}`).join('');
  t.match(get('/a.txt', {}, { headers }), { status: 500, isExcess: true });
  t.equal(get('/', {}, { headers }).status, 200);
  const secret = get('/a.txt', {}, { headers, hidden: ['/a.txt'] });
  t.equal(secret.status, 403, 'nor does it tell of private content');
});

import { Agent, request as requestPlainly } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { type Random, random } from '../../helpers/random.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge, fullPort } from './cluster.ts';

/**
 * The same requests over HTTP/1.1, over TLS and over HTTP/2 get equal responses.
 * `SKERRY_SEED=1 SKERRY_ROUNDS=5000 node test/system/secure-edges/versions.test.ts` tries others, and more.
 */
const seed = Number(process.env.SKERRY_SEED ?? Math.floor(Math.random() * 1e6));
const rounds = Number(process.env.SKERRY_ROUNDS ?? 150);
const AT_ONCE = 8;
const SITE = 'versions';
/** A host without a certificate, so plain HTTP redirects nobody. */
const HOST = `${SITE}.localhost`;
const [, port = ''] = /:(\d+)$/.exec(edge.url) ?? [];

/** Fields of the connection, of the moment, and of what happened to be in memory. */
const PASSING = /^(:status|date|connection|keep-alive|transfer-encoding|cache-status)$/;
const agents = { plain: new Agent({ keepAlive: true }), secure: new SecureAgent({ keepAlive: true }) };

const tree = {
  'index.html': '<h1>home</h1>',
  '404.html': 'nothing here',
  'docs/index.html': 'docs',
  'a.css': 'a { color: red }'.repeat(100),
  'app.3f2a9bc1.js': 'let a = 1;'.repeat(50),
  'forty.bin': Buffer.alloc(40_000, 'y'),
  'large.bin': Buffer.alloc(300_000, 'x'),
  'empty.txt': '',
  _headers: '/*.css\n  X-Is: css\n/docs/*\n  ! X-Content-Type-Options\n',
  _redirects: '/old /a.css 301\n/new /a.css 200!\n/forced/* /docs/ 302!\n',
};
const folder = await writeTree(join(cluster.folder, SITE), tree);
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

const paths = [
  ...Object.keys(tree).map((path) => `/${path}`),
  ...['/', '/docs', '/docs/', '/missing', '/missing.css', '/old', '/new', '/forced/x', '/a.css?b=c'],
  ...['/%61.css', '/%zz', '/%00', '/..', '/./a.css', '//a.css', '/docs//', '/a.css/', '/é'.normalize()],
].map((path) => encodeURI(path).replaceAll('%25', '%'));
const etag = String((await plainly({ method: 'GET', path: '/a.css', fields: {} })).headers.etag);
const FIELDS: readonly Readonly<Record<string, string>>[] = [
  { range: 'bytes=0-3' },
  { range: 'bytes=-2' },
  { range: 'bytes=9999999-' },
  { range: 'bytes=0-1,3-4' },
  { range: 'lines=1' },
  { 'if-none-match': etag },
  { 'if-none-match': '*' },
  { 'if-match': '"x"' },
  { 'if-range': etag, range: 'bytes=1-2' },
  { 'if-modified-since': 'Wed, 01 Jan 2098 00:00:00 GMT' },
  { 'want-repr-digest': 'sha-256=5' },
  { 'accept-encoding': 'br;q=0' },
  { cookie: 'a=b; c=d' },
  { 'x-long': 'a'.repeat(9000) },
  { authorization: 'Basic eDp5' },
];

interface Request {
  readonly method: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Response {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function generated(round: Random): Request {
  return {
    method: round.below(6) > 0 ? 'GET' : round.pick(['HEAD', 'OPTIONS', 'POST', 'DELETE', 'PROPFIND']),
    path: round.pick(paths),
    fields: round.below(2) === 0 ? {} : round.pick(FIELDS),
  };
}

function response(status: number | undefined, headers: object, body: Buffer): Response {
  const lasting = Object.entries(headers).filter(([name]) => !PASSING.test(name));
  return { status, headers: Object.fromEntries(lasting.sort()), body: body.toString('latin1') };
}

function plainly(asked: Request): Promise<Response> {
  const { method, path, fields } = asked;
  return new Promise((resolve, reject) => {
    requestPlainly(
      { host: '127.0.0.1', port, method, path, headers: { host: HOST, ...fields }, agent: agents.plain },
      (got) => buffer(got).then((body) => resolve(response(got.statusCode, got.headers, body)), reject),
    )
      .on('error', reject)
      .end();
  });
}

function securely({ method, path, fields }: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    requestSecurely(
      {
        ...{ host: '127.0.0.1', port: fullPort, method, path, agent: agents.secure },
        ...{ headers: { host: HOST, ...fields }, servername: '', rejectUnauthorized: false },
      },
      (got) => buffer(got).then((body) => resolve(response(got.statusCode, got.headers, body)), reject),
    )
      .on('error', reject)
      .end();
  });
}

async function overHttp2(session: ClientHttp2Session, { method, path, fields }: Request): Promise<Response> {
  const stream = session.request(
    { ':method': method, ':path': path, ':authority': HOST, ...fields },
    { endStream: true },
  );
  let headers: Record<string, unknown> = {};
  stream.on('response', (got) => {
    headers = got;
  });
  const body = Buffer.concat(await stream.toArray());
  return response(Number(headers[':status']), headers, body);
}

t.test('HTTP/1.1, TLS and HTTP/2 give equal responses', async (t) => {
  t.comment(`seed ${seed}`);
  const session = connect(`https://127.0.0.1:${fullPort}`, { rejectUnauthorized: false, servername: '' });
  t.teardown(() => {
    session.close();
    agents.plain.destroy();
    agents.secure.destroy();
  });
  const statuses = new Set<number | undefined>();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < rounds) {
        const asked = generated(random(seed + next++));
        const [plain, secure, http2] = await Promise.all([
          plainly(asked),
          securely(asked),
          overHttp2(session, asked),
        ]);
        statuses.add(plain.status);
        const name = JSON.stringify(asked).slice(0, 200);
        if (JSON.stringify(secure) !== JSON.stringify(plain)) t.strictSame(secure, plain, `TLS: ${name}`);
        if (JSON.stringify(http2) !== JSON.stringify(plain)) t.strictSame(http2, plain, `HTTP/2: ${name}`);
      }
    }),
  );
  t.ok(statuses.size > 4, `statuses ${[...statuses].join(', ')}`);
});

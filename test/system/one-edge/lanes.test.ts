import { readFile } from 'node:fs/promises';
import type { NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { type Asked, cut, generatedRequest } from '../../helpers/generated-requests.ts';
import { read } from '../../helpers/http.ts';
import { childrenOf } from '../../helpers/process-tree.ts';
import { random } from '../../helpers/random.ts';
import { type Exchanged, exchange } from '../../helpers/raw-http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

/** `SKERRY_SEED=1 SKERRY_ROUNDS=5000 node test/system/one-edge/lanes.test.ts` tries others, and more. */
const seed = Number(process.env.SKERRY_SEED ?? Math.floor(Math.random() * 1e6));
const rounds = Number(process.env.SKERRY_ROUNDS ?? 120);
const AT_ONCE = 8;
const ATTEMPTS = 6;
/** Some generated requests wait for a body. When a busy server is silent for longer, the round is repeated. */
const SILENT_MS = 1500;
const SITE = 'lanes';

const tree = {
  'index.html': '<h1>home</h1>',
  'about.html': 'about',
  '404.html': 'nothing here',
  'docs/index.html': 'docs',
  'a.css': 'a { color: red }'.repeat(100),
  'app.3f2a9bc1.js': 'let a = 1;'.repeat(50),
  'large.bin': Buffer.alloc(100_000, 'x'),
  'empty.txt': '',
  _headers: '/*.css\n  X-Is: css\n/docs/*\n  ! X-Content-Type-Options\n',
  _redirects: '/old /a.css 301\n/new /a.css 200!\n/forced/* /docs/ 302!\n',
};
const folder = await writeTree(join(cluster.folder, SITE), tree);
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

const [serving] = await childrenOf(edge.running?.pid ?? 0);
const { hostname: host, port } = new URL(edge.url);
const lane = { host, port: Number(port) };
const [, name] = new RegExp(`@(skerry-${serving}-\\S+)`).exec(await readFile('/proc/net/unix', 'utf8')) ?? [];
const fullServer = { path: `\0${name}` };
const paths = [
  ...Object.keys(tree).map((path) => `/${path}`),
  ...[
    '/',
    '/about',
    '/docs',
    '/docs/',
    '/missing',
    '/missing.css',
    '/old',
    '/new',
    '/forced/x',
    '/app.00000001.js',
  ],
];
const etag = String((await read(edge.url, SITE, 'a.css')).headers.etag);
const asked: Asked = { paths, host: 'lanes.localhost', etag };
for (const path of ['a.css', 'app.3f2a9bc1.js'])
  await until(`the variants of ${path}`, async () => {
    const codings = ['br', 'zstd', 'gzip'].map(async (coding) => {
      const { headers } = await read(edge.url, SITE, path, { headers: { 'accept-encoding': coding } });
      return headers['content-encoding'] === coding;
    });
    return (await Promise.all(codings)).every(Boolean);
  });
// From here on all that is small is in memory for both.
for (const path of paths) await read(edge.url, SITE, path.slice(1));

const LAST = 'GET /a.css HTTP/1.1\r\nHost: lanes.localhost\r\nConnection: close\r\n\r\n';
const brief = (answers: string) => answers.slice(0, 3000);
const undated = (answers: string) => answers.replaceAll(/^Date: .*\r\n/gim, '');

/**
 * What both answered, equal if they can be: a server that closes a connection on which a further piece arrives at
 * that moment breaks it, and the end of what it said is lost.
 */
async function both(pieces: readonly string[]): Promise<[lane: string, fullServer: string]> {
  const seen: { readonly fast: Exchanged[]; readonly full: Exchanged[] } = { fast: [], full: [] };
  for (let attempt = 0; ; attempt++) {
    const [fast, full] = await Promise.all([answersOf(lane, pieces), answersOf(fullServer, pieces)]);
    seen.fast.push(fast);
    seen.full.push(full);
    const agreed = seen.fast.find((one) => seen.full.some((other) => agree(one, other)));
    if (agreed !== undefined) return [agreed.text, agreed.text];
    if (attempt === ATTEMPTS) return [fast.text, full.text];
  }
}

async function answersOf(server: NetConnectOpts, pieces: readonly string[]): Promise<Exchanged> {
  const { text, isReset } = await exchange(server, pieces, SILENT_MS);
  return { text: undated(text), isReset };
}

function agree(one: Exchanged, other: Exchanged): boolean {
  return (
    one.text === other.text ||
    (one.isReset && other.text.startsWith(one.text)) ||
    (other.isReset && one.text.startsWith(other.text))
  );
}

t.test('the lane answers as the full server does, whatever is asked', async (t) => {
  t.comment(`seed ${seed}`);
  let next = 0;
  let answers = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < rounds) {
        const round = random(seed + next++);
        const requests = Array.from({ length: 1 + round.below(4) }, () => generatedRequest(round, asked));
        const pieces = cut(round, [...requests, LAST].join(''), 4);
        const [fast, full] = await both(pieces);
        answers += full.split('HTTP/1.1 ').length - 1;
        if (fast !== full)
          t.equal(brief(fast), brief(full), `round ${next}, pieces ${JSON.stringify(pieces)}`);
      }
    }),
  );
  t.ok(answers > rounds, `${answers} answers compared`);
});

t.test('an error that comes of the fields of one request is kept by nobody', async (t) => {
  for (const [field, status] of [
    ['If-Match: "x"', 412],
    ['Range: bytes=9999999-', 416],
  ] as const) {
    const request = `GET /app.3f2a9bc1.js HTTP/1.1\r\nHost: lanes.localhost\r\n${field}\r\nConnection: close\r\n\r\n`;
    const [fast, full] = await both([request]);
    t.equal(fast, full);
    t.match(full, new RegExp(`^HTTP/1.1 ${status} `));
    t.match(full, /^cache-control: no-store\r$/im);
    t.notMatch(full, /immutable/);
  }
});

t.test('a request in two packets, split at every byte', async (t) => {
  const request = `GET /a.css HTTP/1.1\r\nHost: lanes.localhost\r\nAccept-Encoding: br\r\n\r\n${LAST}`;
  const expected = (await answersOf(fullServer, [request])).text;
  for (let at = 1; at < request.length; at++) {
    const got = (await answersOf(lane, [request.slice(0, at), request.slice(at)])).text;
    if (got !== expected) t.equal(got, expected, `split at ${at}`);
  }
  t.equal(expected.split('HTTP/1.1 200').length, 3);
});

t.test('many requests at once to a reader that does not read', async (t) => {
  const request = 'GET /a.css HTTP/1.1\r\nHost: lanes.localhost\r\n\r\n';
  const [fast, full] = await both([request.repeat(5000) + LAST]);
  t.equal(fast.length, full.length);
  t.equal(fast.split('HTTP/1.1 200 OK').length, 5002);
});

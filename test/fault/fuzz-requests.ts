import { generatedRequest } from '../helpers/generated-requests.ts';
import type { Random } from '../helpers/random.ts';
import { changedBytes, malformedBody } from './fuzz-texts.ts';

export type Port = 'origin' | 'feed' | 'admin' | 'serving';

/** The bytes to send over one connection to one of the ports. */
export interface RawCase {
  readonly port: Port;
  readonly bytes: Buffer;
}

interface Route {
  readonly ports: readonly Port[];
  readonly method: string;
  readonly path: string;
  /** A body that the route would accept, or nearly so. */
  readonly sample?: unknown;
  readonly type?: string;
}

const DIGEST = 'f'.repeat(64);
const JSON_TYPE = 'application/json';
const ORIGIN = ['origin'] as const;
const FEEDS = ['origin', 'feed'] as const;
const ADMIN = ['admin'] as const;
const get = (ports: readonly Port[], path: string): Route => ({ ports, method: 'GET', path });
const send = (
  ports: readonly Port[],
  method: string,
  path: string,
  sample?: unknown,
  type?: string,
): Route => ({
  ...{ ports, method, path, sample },
  type: type ?? JSON_TYPE,
});
const report = { edge: 'nobody', text: '{"time":1}', sig: 'A'.repeat(86) };
const domains = {
  domains: ['a.example'],
  policy: { mode: 'async', sync: { timeout: 30 }, pinned: ['/a/*'] },
};
const deploy = { base: 0, files: { 'a.txt': { digest: DIGEST, size: 1 } }, delete: ['b'] };
const bundle = Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from('ab'), Buffer.from([0, 0, 0, 0])]);

/** No request here changes an edge's membership, or makes more than a few sites. */
const ROUTES: readonly Route[] = [
  ...[get(ORIGIN, '/v1/sites'), get(ORIGIN, '/v1/sites/www'), get(ORIGIN, '/v1/sites/www/files/a.css')],
  ...[get(ORIGIN, '/v1/sites/www/revisions?limit=9'), get(ORIGIN, '/v1/sites/www/revisions/1')],
  ...[get(ORIGIN, '/v1/sites/www/revisions/1/manifest'), get(ORIGIN, '/v1/sites/www/diff?from=0&to=1')],
  ...[get(ORIGIN, '/v1/sites/www/purges/1'), get(ORIGIN, '/v1/status'), get(ORIGIN, '/v1/edges')],
  ...[get(ORIGIN, '/v1/edges/edge-1'), get(ORIGIN, '/v1/log?from=1&limit=9'), get(ORIGIN, '/v1/tokens')],
  ...[get(ORIGIN, '/openapi.json'), get(ORIGIN, '/healthz'), get(ORIGIN, '/readyz'), get(ORIGIN, '/metrics')],
  send(ORIGIN, 'PUT', '/v1/sites/www', domains),
  send(ORIGIN, 'DELETE', '/v1/sites/none'),
  send(ORIGIN, 'POST', '/v1/sites/none/windows'),
  send(ORIGIN, 'POST', '/v1/sites/www/deploys', deploy),
  send(
    ORIGIN,
    'POST',
    '/v1/sites/www/deploys',
    Buffer.from(`{"path":"a","digest":"${DIGEST}","size":1}\n`),
    'application/x-ndjson',
  ),
  send(ORIGIN, 'PUT', `/v1/sites/www/objects/${DIGEST}`, Buffer.from('a'), 'application/octet-stream'),
  send(ORIGIN, 'POST', '/v1/sites/www/objects', bundle, 'application/vnd.skerry.bundle'),
  send(ORIGIN, 'POST', '/v1/deploys/0123456789abcdef01234567/commit', { mode: 'async', message: 'm' }),
  send(ORIGIN, 'PUT', '/v1/sites/none/files/a.txt', Buffer.from('a'), 'text/plain'),
  send(ORIGIN, 'DELETE', '/v1/sites/www/files/none.txt'),
  send(ORIGIN, 'POST', '/v1/sites/none/rollback', { to: 1 }),
  send(ORIGIN, 'POST', '/v1/sites/none/purge', { paths: ['a', 'b/*'], tags: ['t'] }),
  send(ORIGIN, 'PUT', '/v1/sites/www/revisions/999/pin'),
  send(ORIGIN, 'POST', '/v1/prune', { dryRun: true }),
  send(ORIGIN, 'POST', '/v1/edges/nobody/revoke'),
  send(ORIGIN, 'POST', '/v1/edges/nobody/pause'),
  send(ORIGIN, 'POST', '/v1/tokens', { scope: 'nothing', expires: 60 }),
  send(ORIGIN, 'DELETE', '/v1/tokens/none'),
  send(FEEDS, 'POST', '/feed/v1/join', {
    ...{ token: 'skj_0011.aa.ff', name: 'nobody', region: 'r', lat: 1.5, lon: null },
    ...{ publicKey: 'A'.repeat(43), proof: 'A'.repeat(86) },
  }),
  send(FEEDS, 'POST', '/feed/v1/join/hello', { edgeNonce: 'a'.repeat(43) }),
  get(FEEDS, '/feed/v1/hello'),
  get(FEEDS, '/feed/v1/stream?from=1'),
  get(FEEDS, '/feed/v1/records?from=1'),
  get(FEEDS, '/feed/v1/sites/1/diff?from=0&to=1'),
  get(FEEDS, '/feed/v1/sites/1/revisions/1/nodes'),
  send(FEEDS, 'POST', '/feed/v1/sites/1/revisions/1/leaves', { nodes: [0, 255] }),
  send(FEEDS, 'POST', '/feed/v1/sites/1/revisions/1/entries', { leaves: [0, 65_535] }),
  send(FEEDS, 'POST', '/feed/v1/bundle', { objects: 'MgokAE9kmphtYGgYClxxDA' }),
  get(FEEDS, `/feed/v1/objects/${DIGEST}`),
  send(FEEDS, 'POST', '/feed/v1/report', { reports: [report] }),
  ...[get(ADMIN, '/healthz'), get(ADMIN, '/readyz'), get(ADMIN, '/status'), get(ADMIN, '/metrics')],
  send(ADMIN, 'POST', '/warm', { site: 'www', paths: ['/a.css'] }),
  send(ADMIN, 'POST', '/prune', {}),
  send(ADMIN, 'POST', '/verify', { repair: 1 }),
];

function changedPath(random: Random, path: string): string {
  if (random.below(4) > 0) return path;
  return random.pick([
    () => `${path}/%00`,
    () => path.replace(/[a-z0-9]+$/, '%zz'),
    () => path.replace(/\d/, '9'.repeat(1 + random.below(40))),
    () => path.replace(/www/, random.pick(['..', '%2e%2e', 'none', 'W', '-', 'a'.repeat(80), '__proto__'])),
    () => `${path}${path.includes('?') ? '&' : '?'}${'a=b&'.repeat(random.below(900))}`,
    () => `${path}${'/a'.repeat(random.below(4000))}`,
    () => `/${path}`,
    () => changedBytes(random, Buffer.from(path)).toString('latin1'),
  ])();
}

/** Header lines that say how the body is framed. Most often they are true. */
function framing(random: Random, body: Buffer): readonly [lines: string[], body: Buffer] {
  const length = body.length;
  switch (random.below(14)) {
    case 0:
      return [[`Content-Length: ${length + 1 + random.below(1000)}`], body];
    case 1:
      return [[`Content-Length: ${Math.floor(length / 2)}`], body];
    case 2:
      return [
        [`Content-Length: ${random.pick(['-1', '1e3', '0x1', '99999999999999999999', '1, 1', ' '])}`],
        body,
      ];
    case 3:
      return [['Transfer-Encoding: chunked'], changedBytes(random, chunked(random, body))];
    case 4:
      return [[`Content-Length: ${length}`, 'Transfer-Encoding: chunked'], chunked(random, body)];
    case 5:
      return [[`Content-Length: ${length}`, 'Expect: 100-continue'], body];
    case 6:
      return [['Transfer-Encoding: chunked'], chunked(random, body)];
    case 7:
      return [[], body];
    default:
      return [[`Content-Length: ${length}`], body];
  }
}

function chunked(random: Random, body: Buffer): Buffer {
  const cut = random.below(body.length + 1);
  const pieces = [body.subarray(0, cut), body.subarray(cut)].filter(({ length }) => length > 0);
  return Buffer.concat([
    ...pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)}\r\n`),
      piece,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ]);
}

const SPECIAL = [
  ...['Content-Encoding: zstd', 'Content-Encoding: gzip', 'Range: bytes=0-1', 'Range: bytes=9-1'],
  ...['Available-Dictionary: :AAAA:', 'Accept-Encoding: dcz, zstd', 'Connection: close', 'Upgrade: h2c'],
  ...[
    'X-Forwarded-For: 1.2.3.4',
    'Forwarded: for=1.2.3.4',
    'Signature: sig1=:AAAA:',
    'Signature-Input: sig1=()',
  ],
  ...[`X: ${'a'.repeat(12_000)}`, 'A: b\r\n'.repeat(200).trimEnd(), 'Content-Type: a/b', 'Content-Type: ;;'],
];

/**
 * A request with a malformed head or body for a route of the API, the feed or the admin port, sent by the holder of one
 * of the tokens.
 */
export function routeCase(random: Random, tokens: readonly string[]): RawCase {
  const route = random.pick(ROUTES);
  const token = random.pick(tokens);
  const [lines, body] =
    route.sample === undefined && random.below(3) > 0
      ? [[], Buffer.alloc(0)]
      : framing(random, malformedBody(random, route.sample ?? {}));
  const method =
    random.below(20) === 0 ? random.pick(['HEAD', 'OPTIONS', 'PATCH', 'QUERY', 'get']) : route.method;
  const head = [
    `${method} ${changedPath(random, route.path)} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(route.type === undefined ? [] : [`Content-Type: ${route.type}`]),
    ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
    ...(random.below(4) === 0 ? [random.pick(SPECIAL)] : []),
    ...lines,
  ];
  const whole = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
  return {
    port: random.pick(route.ports),
    bytes: random.below(25) === 0 ? changedBytes(random, whole) : whole,
  };
}

/** A request by a reader, or by an attacker who poses as one, to the serving port or to any other. */
export function readerCase(random: Random): RawCase {
  const asked = { paths: ['/', '/a.css', '/none', '/large.bin'], host: 'www.localhost', etag: '"x"' };
  const requests = Array.from({ length: 1 + random.below(3) }, () => generatedRequest(random, asked));
  const text = Buffer.from(requests.join(''), 'latin1');
  const port = random.below(8) === 0 ? random.pick<Port>(['origin', 'feed', 'admin']) : 'serving';
  return { port, bytes: random.below(6) === 0 ? changedBytes(random, text) : text };
}

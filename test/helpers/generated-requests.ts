import type { Random } from './random.ts';

/** What a generated request may ask for, and the name of the site. */
export interface Asked {
  readonly paths: readonly string[];
  readonly host: string;
  readonly etag: string;
}

const BROWSER = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-GB,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Sec-Fetch-Mode: navigate',
  'Cookie: session=0123456789abcdef; theme=dark',
];

/** Generates one request. Most are well formed; the others have the faults of clients and attackers. */
export function generatedRequest(random: Random, { paths, host, etag }: Asked): string {
  const often = (times: number, usual: string, ...others: string[]) =>
    random.below(times) > 0 ? usual : random.pick(others);
  const path = random.pick(paths);
  const method = often(8, 'GET', 'HEAD', 'OPTIONS', 'POST', 'get', 'GETT', 'G ET', '', 'PRI');
  const target = often(
    6,
    path,
    ...[`${path}?a=b`, `${path}?`, `http://${host}${path}`, `http://other.example${path}`, `/..${path}`],
    ...[`/.${path}`, `/${path}`, path.replace(/[a-z]/, '%61'), `${path}#a`, '*', '', '/%zz', '/%00', '/a b'],
    ...['\\', `${path}/`, `/${'a'.repeat(5000)}`, `/${'b'.repeat(20_000)}`, '/\x80', '//evil.example'],
  );
  const version = often(12, 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', '');
  const hosts = often(
    10,
    `Host: ${host}`,
    ...[
      '',
      'Host:',
      'Host: a b',
      `host:${host}`,
      `Host:\t${host} `,
      `Host : ${host}`,
      'Host: unknown.example',
    ],
    ...[
      `Host: ${host}\r\nHost: ${host}`,
      `Host: ${host}\r\nhost: b`,
      `Host: ${host}:80`,
      'Host: ../..',
      'Host: a/b',
    ],
  );
  const special = often(
    3,
    '',
    ...[
      'Range: bytes=0-3',
      'Range: bytes=-2',
      'Range: bytes=9999999-',
      'Range: bytes=0-1,3-4',
      'Range: lines=1',
    ],
    ...[
      `If-None-Match: ${etag}`,
      'If-None-Match: *',
      'If-None-Match: "x"',
      'If-Modified-Since: Wed, 01 Jan 2098 00:00:00 GMT',
    ],
    ...[
      `If-Range: ${etag}\r\nRange: bytes=1-2`,
      'If-Match: "x"',
      'Want-Repr-Digest: sha-256=5',
      'Accept-Encoding: br;q=0',
    ],
    ...[
      'Content-Length: 0',
      'Content-Length: 5',
      'Content-Length: -1',
      'Content-Length: 1\r\nContent-Length: 2',
    ],
    ...[
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
      'Transfer-Encoding: chunked\r\nContent-Length: 3',
    ],
    ...[
      'Connection: close',
      'Connection: Keep-Alive',
      'Connection: upgrade\r\nUpgrade: h2c',
      'Expect: 100-continue',
    ],
    ...[
      'Expect: something',
      'X: a\r\n folded',
      'X: a\nb',
      'X: a\rb',
      'X: a\x00b',
      'X: \xe9',
      ': empty',
      'no colon',
    ],
    ...[`X: ${'a'.repeat(9000)}`, `X: ${'a'.repeat(20_000)}`, 'X y: z', 'Te: trailers', 'Trailer: x'],
    ...['Proxy-Connection: close', 'Keep-Alive: 300', 'Cache-Control: no-cache', 'Authorization: Basic eDp5'],
  );
  const browser = random.below(2) === 0 ? BROWSER : [];
  const fields = [hosts, ...browser, special].filter((field) => field !== '');
  const lineEnd = often(40, '\r\n', '\n', '\r');
  const before = often(40, '', '\r\n', '\r\n\r\n', ' ', '\x16\x03\x01');
  return `${before}${[`${method} ${target} ${version}`, ...fields].join(lineEnd)}${lineEnd}${lineEnd}`;
}

/** Cuts a text into pieces at random places. */
export function cut(random: Random, text: string, most: number): string[] {
  const at = Array.from({ length: random.below(most) }, () => random.below(text.length)).sort(
    (a, b) => a - b,
  );
  return [0, ...at].map((start, i) => text.slice(start, at[i])).filter((piece) => piece !== '');
}

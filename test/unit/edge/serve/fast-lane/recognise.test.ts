import t from 'tap';
import { isPlainPath, plainFields, Recogniser } from '../../../../../edge/serve/fast-lane/recognise.ts';

const BROWSER = [
  'Host: a.example',
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Accept: */*',
  'Accept-Encoding: gzip, br',
  'Cookie: a=b; c=d',
].join('\r\n');
const plain = `GET /a/b.css HTTP/1.1\r\n${BROWSER}\r\n\r\n`;
const next = (text: string, at = 0) => new Recogniser().next(Buffer.from(text, 'latin1'), at);

t.test('a plain GET', async (t) => {
  t.same(next(plain), {
    target: '/a/b.css',
    fields: {
      host: 'a.example',
      acceptEncoding: 'gzip, br',
      referer: undefined,
      agent: 'Mozilla/5.0 (X11; Linux x86_64)',
      key: 'a.example gzip, br',
      forwarded: {},
    },
    bytes: plain.length,
  });
});

t.test('what a proxy says of the reader', async (t) => {
  const lines = [
    'Host: a',
    'X-Forwarded-For: 192.0.2.7',
    'Forwarded: for=192.0.2.7',
    'x-forwarded-for: 10.0.0.1',
  ];
  const proto = 'X-Forwarded-Proto: https';
  t.same(next(`GET / HTTP/1.1\r\n${[...lines, proto].join('\r\n')}\r\n\r\n`)?.fields.forwarded, {
    'x-forwarded-for': '192.0.2.7, 10.0.0.1',
    forwarded: 'for=192.0.2.7',
    'x-forwarded-proto': 'https',
  });
});

t.test('several on one connection, with the same fields and with others', async (t) => {
  const recogniser = new Recogniser();
  const others = 'GET /c HTTP/1.1\r\nHost: b\r\n\r\n';
  const chunk = Buffer.from([plain, others, plain, plain, 'GET /d HTT'].join(''));
  const seen: string[] = [];
  let at = 0;
  for (let get = recogniser.next(chunk, at); get !== undefined; get = recogniser.next(chunk, at)) {
    seen.push(`${get.fields.host}${get.target}`);
    at += get.bytes;
  }
  t.same(seen, ['a.example/a/b.css', 'b/c', 'a.example/a/b.css', 'a.example/a/b.css']);
  t.equal(chunk.subarray(at).toString(), 'GET /d HTT');
});

t.test('a head that is not all there is not recognised', async (t) => {
  for (let end = 0; end < plain.length; end++) t.equal(next(plain.slice(0, end)), undefined);
});

t.test('fields that begin as the last ones did', async (t) => {
  const recogniser = new Recogniser();
  const short = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  t.ok(recogniser.next(short, 0));
  const longer = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n');
  t.equal(recogniser.next(longer, 0), undefined);
});

const others = [
  'POST / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
  'get / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\nHost: a\n\n',
  'GET / HTTP/1.1\r\nHost: a\n\r\n',
  '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET /\r\n\r\n',
  `GET /${'a'.repeat(3000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9000)}\r\n\r\n`,
];
t.test('other requests', async (t) => {
  for (const text of others) t.equal(next(text), undefined, JSON.stringify(text.slice(0, 60)));
});

const odd = [
  'Host: a\r\nHost: a',
  'Host:',
  'Host: a b',
  'Host: ..',
  'Host : a',
  'Host: a\r\n folded: b',
  'Host: a\r\nX: a\rb',
  'Host: a\r\nX: a\nb',
  'Host: a\r\nX: \x00',
  'Host: a\r\nX: \xe9',
  'Host: a\r\n: b',
  'Host: a\r\nX',
  'Host: a\r\nConnection: close',
  'Host: a\r\nConnection: keep-alive, upgrade',
  'Host: a\r\nContent-Length: 0',
  'Host: a\r\nTransfer-Encoding: chunked',
  'Host: a\r\nExpect: 100-continue',
  'Host: a\r\nUpgrade: h2c',
  'Host: a\r\nRange: bytes=0-1',
  'Host: a\r\nIf-None-Match: "a"',
  'Host: a\r\nIf-Anything: new',
  'Host: a\r\nWant-Repr-Digest: sha-256=1',
  'Host: a\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br',
  'Accept: */*',
  // A pattern that tries again and again would never be done with it.
  `Host: a\r\nX:${' '.repeat(8000)}\x80`,
  '',
];
t.test('fields that may mean something', async (t) => {
  for (const text of odd) t.equal(plainFields(text), undefined, JSON.stringify(text));
});

t.test('paths', async (t) => {
  for (const path of ['/', '/a', '/a/', '/a.b/c-d_e~f', '/.well-known/x', '/...', "/a;b=c,d'(e)@:!$&*+"])
    t.ok(isPlainPath(path), path);
  for (const path of [
    '//',
    '/a//b',
    '/.',
    '/..',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/%61',
    '/a?b',
    '/a#b',
    '/a\\b',
    '*',
    '/a b',
    '/é',
  ])
    t.notOk(isPlainPath(path), path);
});

import { join } from 'node:path';
import t from 'tap';
import { slowClients } from '../../fault/slow-clients.ts';
import { read } from '../../helpers/http.ts';
import { exchange } from '../../helpers/raw-http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'attacked';
const folder = await writeTree(join(cluster.folder, SITE), { 'index.html': 'home', 'a.css': 'a {}' });
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);
const { hostname: host, port } = new URL(edge.url);
const statuses = async (text: string) =>
  [...(await exchange({ host, port: Number(port) }, [text])).text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(
    ([, status]) => Number(status),
  );

const HOST = 'Host: attacked.localhost\r\n';
/** In a request that is answered and would keep its connection. */
const LAST = 'Connection: close\r\n';
const get = (fields: string) => `GET /a.css HTTP/1.1\r\n${HOST}${fields}\r\n\r\n`;
const post = (fields: string, body: string) => `POST / HTTP/1.1\r\n${HOST}${fields}\r\n\r\n${body}`;

const table: [what: string, request: string, statuses: number[]][] = [
  ['length and coding', post('Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), [400]],
  ['coding and length', get('Transfer-Encoding: chunked\r\nContent-Length: 4'), [400]],
  ['two lengths', post('Content-Length: 4\r\nContent-Length: 5', 'aaaaa'), [400]],
  ['equal lengths', post('Content-Length: 4\r\nContent-Length: 4', 'aaaa'), [400]],
  ['a list of lengths', post('Content-Length: 4, 4', 'aaaa'), [400]],
  ['a signed length', post('Content-Length: +4', 'aaaa'), [400]],
  ['a hexadecimal length', post('Content-Length: 0x4', 'aaaa'), [400]],
  ['a negative length', get('Content-Length: -1'), [400]],
  ['bare LF', `GET / HTTP/1.1\nHost: attacked.localhost\n\n`, [400]],
  ['bare LF between fields', get('A: b\nC: d'), [400]],
  ['bare LF at the end', `GET / HTTP/1.1\r\n${HOST}\n`, [400]],
  ['bare CR', get('A: b\rC: d'), [400]],
  ['a folded field', get('A: b\r\n c'), [400]],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : attacked.localhost\r\n\r\n', [400]],
  ['a space before the first field', `GET / HTTP/1.1\r\n ${HOST}\r\n`, [400]],
  ['an unknown coding', post('Transfer-Encoding: xchunked', '0\r\n\r\n'), [400]],
  ['codings in two fields', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', ''), [400]],
  ['a coding in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, [400]],
  // Nobody looks at what follows the head of a request with a body: its answer is the last of the connection.
  ['a chunk that is too large', post('Transfer-Encoding: chunked', 'fffffffffffffffff\r\n\r\n'), [405]],
  ['bare LF after a chunk size', post('Transfer-Encoding: chunked', '1\na\r\n0\r\n\r\n'), [405]],
  ['bare LF in a chunk extension', post('Transfer-Encoding: chunked', '1;a\nb\r\na\r\n0\r\n\r\n'), [405]],
  ['NUL', get('A: \0'), [400]],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', [400]],
  ['two Hosts', get('Host: b.example'), [400]],
  ['an unknown version', `GET / HTTP/1.2\r\n${HOST}\r\n`, [400]],
  ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['TLS where there is none', '\x16\x03\x01\x02\x00\x01\x00', [400]],
  ['a large field', get(`A: ${'a'.repeat(20_000)}`), [431]],
  ['many fields', get('A: b\r\n'.repeat(3000).trimEnd()), [431]],
  ['a long request line', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, [431]],
  ['a bomb of ranges', get(`Range: bytes=${'0-,'.repeat(1000)}0-\r\n${LAST.trim()}`), [200]],
  ['a path that climbs out', `GET /../../etc/passwd HTTP/1.1\r\n${HOST}${LAST}\r\n`, [400]],
  ['a path that climbs out, encoded', `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${HOST}${LAST}\r\n`, [400]],
];

t.test('what is no sound request', async (t) => {
  for (const [what, request, expected] of table) t.same(await statuses(request), expected, what);
});

t.test('a request that hides behind a refused one is not answered', async (t) => {
  const hidden = `GET /a.css HTTP/1.1\r\n${HOST}\r\n`;
  for (const fields of ['Content-Length: 4\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: xchunked'])
    t.same(await statuses(post(fields, `0\r\n\r\n${hidden}`)), [400]);
});

t.test('clients that send nothing, or a byte now and then, hold up nobody', async (t) => {
  const slow = await slowClients({ host, port: Number(port) }, 400);
  for (let i = 0; i < 50; i++) t.equal((await read(edge.url, SITE, 'a.css')).status, 200);
  slow.end();
});

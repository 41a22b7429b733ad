import { readFile, rename, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { ask, read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { wholeLines } from '../../helpers/whole-lines.ts';
import { accessLog, cluster, edge, limited, limitedLog } from './cluster.ts';

const SITE = 'www';
const folder = await writeTree(join(cluster.folder, SITE), { 'index.html': 'home', 'a.css': 'a {}' });
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

async function lines(count: number, path = accessLog): Promise<string[]> {
  return until(`${count} lines`, async () => {
    const found = await wholeLines(path);
    return found.length >= count && found;
  });
}

t.test('both lanes write a line for each request', async (t) => {
  await read(edge.url, SITE, 'a.css', { headers: { 'user-agent': 'test/1', referer: 'http://b.example/' } });
  await ask(edge.url, '/a.css?x=y', {
    headers: { host: 'www.localhost', range: 'bytes=0-1', 'user-agent': 'test/2' },
  });
  await read(edge.url, SITE, 'missing', { method: 'HEAD' });
  const [fast, full, missing] = (await lines(3)).map((line) => JSON.parse(line));
  const common = { site: 'www', client: '127.0.0.1', scheme: 'http', version: '1.1', host: 'www.localhost' };
  t.match(fast, {
    ...common,
    method: 'GET',
    target: '/a.css',
    status: 200,
    bytes: 4,
    seconds: 0,
    agent: 'test/1',
    referer: 'http://b.example/',
    cache: 'Skerry; hit; detail=memory',
  });
  t.ok(Math.abs(Date.parse(fast.time) - Date.now()) < 60_000);
  t.match(full, { ...common, target: '/a.css?x=y', status: 206, bytes: 2, agent: 'test/2', seconds: Number });
  t.match(missing, { ...common, method: 'HEAD', target: '/missing', status: 404, bytes: 0 });
});

t.test('no line has what others could get in with, and nobody else reads them', async (t) => {
  const token = 'skerry-token=1.a.b.c';
  const referer = `http://www.localhost/?${token}`;
  await ask(edge.url, `/a.css?x=y&${token}`, { headers: { host: 'www.localhost', referer } });
  await ask(edge.url, `/a.css?skerry%2Dtoken=1.a.b.c&x=y`, { headers: { host: 'www.localhost' } });
  await read(edge.url, SITE, 'a.css', { headers: { referer } });
  const found = (await lines(6)).slice(3).map((line) => JSON.parse(line));
  t.strictSame(
    found.map((line) => line.target),
    ['/a.css?x=y&skerry-token=cut', '/a.css?skerry-token=cut&x=y', '/a.css'],
  );
  t.notMatch(JSON.stringify(found), '1.a.b.c');
  t.equal((await stat(accessLog)).mode & 0o777, 0o600);
});

t.test('a log that is renamed is begun anew', async (t) => {
  await rename(accessLog, `${accessLog}.1`);
  await until('a new log', async () => {
    await read(edge.url, SITE, 'a.css');
    return (await readFile(accessLog, 'utf8').catch(() => '')) !== '';
  });
  t.equal((await stat(accessLog)).mode & 0o777, 0o600);
  t.ok((await lines(3, `${accessLog}.1`)).every((line) => JSON.parse(line).status > 0));
});

t.test('the metrics tell how long answers took', async (t) => {
  const metrics = (await ask(edge.adminUrl, '/metrics')).body.toString();
  const count = Number(/skerry_edge_request_duration_seconds_count\{site="www"\} (\d+)/.exec(metrics)?.[1]);
  t.ok(count >= 4);
  t.match(metrics, `skerry_edge_request_duration_seconds_bucket{site="www",le="+Inf"} ${count}`);
  t.match(metrics, /skerry_edge_request_duration_seconds_sum\{site="www"\} 0\.\d+/);
});

t.test('the origin shows what an edge uses, what it answered, and how it is', async (t) => {
  await read(edge.url, SITE, 'a.css');
  const told = await until('a sample with the answer', async () => {
    const found = (await cluster.client.edges()).find(({ name }) => name === edge.name);
    return (found?.sites[SITE]?.readers?.requests ?? 0) > 0 && found;
  });
  t.match(told, {
    health: { state: 'online', reason: null },
    use: { errors: 0, misses: 0, hitRatio: 1 },
    sites: { [SITE]: { revision: 1, readers: { revision: 1, errors: 0 } } },
  });
  const { use } = told;
  t.ok(use !== null && use.memory > 1e6 && use.cpu > 0 && use.files.open > 0 && (use.disk?.free ?? 0) > 0);
  t.match((await cluster.skerry('edges')).stdout, /edge-1 +r0 +online/);
});

t.test('more requests than a client may make are answered 429, whichever lane they are for', async (t) => {
  for (const range of [undefined, 'bytes=0-0']) {
    const asked = range === undefined ? {} : { headers: { range } };
    // One after another they might come too slowly on a busy machine.
    const refused = await until('a refusal', async () => {
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => read(limited.url, SITE, 'a.css', asked)),
      );
      return answers.find(({ status }) => status === 429);
    });
    t.equal(refused.headers['retry-after'], '1');
  }
  await until('more to be allowed', async () => (await read(limited.url, SITE, 'a.css')).status === 200);
  const combined = await lines(5, limitedLog);
  t.match(combined[0], /^127\.0\.0\.1 - - \[.*\] "GET \/a\.css HTTP\/1\.1" 200 4 "-" "-"$/);
});

t.test('more connections than a client may have are closed, and come back when others end', async (t) => {
  const { hostname, port } = new URL(limited.url);
  const open: Socket[] = [];
  // A head that is not whole keeps its connection.
  const connection = () => {
    const socket = connect(Number(port), hostname, () => socket.write('GET / HTTP/1.1\r\n'));
    open.push(socket);
    socket.on('error', () => {});
    return socket;
  };
  const closed = new Set<Socket>();
  for (let i = 0; i < 12; i++) {
    const socket = connection();
    socket.on('close', () => closed.add(socket));
  }
  await until('what is too much to be closed', async () => closed.size >= 7);
  for (const socket of open) socket.destroy();
  await until(
    'an answer',
    async () => (await read(limited.url, SITE, 'a.css').catch(() => undefined))?.status === 200,
  );
  t.ok(closed.size >= 7);
});

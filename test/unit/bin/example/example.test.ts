import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openExample } from '../../../../bin/example/example.ts';
import { ApiClient } from '../../../../origin/client/api-client.ts';
import type { Status } from '../../../../shared/wire/api.ts';
import { ask } from '../../../helpers/http.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';

const EDGES = ['edge-1', 'edge-2', 'edge-3'].map((name, i) => ({ name, region: `r${i}`, port: 7501 + i }));

class OriginDouble extends ApiClient {
  asked = 0;

  constructor() {
    super('http://127.0.0.1:1', undefined, new AbortController().signal);
  }

  override async status(): Promise<Status> {
    this.asked++;
    return { origin: { version: '1', seq: this.asked, sites: [], certificate: null }, edges: [] };
  }
}

async function opened(t: Test) {
  const data = join(t.testdir({}), 'da & ta');
  const clock = turnedClock();
  const source = join(import.meta.dirname, '../../../../infra/example-site');
  const example = await openExample({ source, data, originPort: 1, port: 0, edges: EDGES, clock });
  t.teardown(() => example.close());
  return { example, clock, status: () => ask(example.statusUrl, '/status') };
}

t.test('the shipped files say where they are, and where the edges are', async (t) => {
  const { example } = await opened(t);
  for (const name of await readdir(example.folder))
    t.notMatch(await readFile(join(example.folder, name), 'utf8'), '{{', name);
  const page = await readFile(join(example.folder, 'index.html'), 'utf8');
  t.match(page, `${join(example.folder, 'index.html').replace('&', '&#38;')}</code>`);
  for (const { port } of EDGES) t.match(page, `href="http://example.localhost:${port}/"`);
  t.match(await readFile(join(example.folder, 'live.js'), 'utf8'), `'${example.statusUrl}'`);
  t.match(
    await readFile(join(example.folder, '_headers'), 'utf8'),
    `connect-src 'self' ${new URL(example.statusUrl).origin};`,
  );
});

t.test('the origin is asked seldom, however many ask, and not before it is there', async (t) => {
  const { example, clock, status } = await opened(t);
  t.equal((await status()).status, 503);
  const origin = new OriginDouble();
  example.follow(origin);
  t.same(
    (await Promise.all(Array.from({ length: 5 }, status))).map((answer) => answer.status),
    [200, 200, 200, 200, 200],
  );
  const before = origin.asked;
  clock.advance(1000);
  await status();
  t.equal(origin.asked, before + 1);
  await origin.close();
});

t.test('each edge has a line of its own', async (t) => {
  const { example } = await opened(t);
  t.equal(new Set(EDGES.map(({ name }) => example.originFor(name))).size, EDGES.length);
  t.throws(() => example.originFor('edge-4'), /edge-4/);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import t from 'tap';
import { askAdmin } from '../../../../bin/running/admin-port.ts';
import { ApiClient } from '../../../../origin/client/api-client.ts';

const { signal } = new AbortController();
const PIECE = Buffer.alloc(64 * 1024, ' ');

async function startServer(status: number, body: () => Readable, headers: Record<string, string> = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume();
    response.writeHead(status, headers);
    const source = body();
    response.on('close', () => source.destroy());
    source.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, server, asked };
}

async function* endless() {
  while (true) yield PIECE;
}

t.test('an error that does not end is not read to its end', async (t) => {
  const { url, server } = await startServer(500, () => Readable.from(endless()));
  t.teardown(() => server.close());
  const client = new ApiClient(url, 'sk_1', signal);
  t.teardown(() => client.close());
  await t.rejects(client.sites(), { code: 'upstream-protocol' });
  await t.rejects(client.manifest('a', 1).next(), { code: 'upstream-protocol' });
  await t.rejects(askAdmin({ url }, '/verify', {}, signal), { code: 'upstream-protocol' });
});

t.test('a long error is cut', async (t) => {
  const problem = JSON.stringify({ code: 'no-such-site', title: 'a'.repeat(500_000) });
  const { url, server } = await startServer(404, () => Readable.from([problem]));
  t.teardown(() => server.close());
  const client = new ApiClient(url, 'sk_1', signal);
  t.teardown(() => client.close());
  const error = (await client.sites().catch((thrown: unknown) => thrown)) as Error & { code: string };
  t.equal(error.code, 'no-such-site');
  t.ok(error.message.length <= 8192);
});

t.test('no token follows a redirect', async (t) => {
  const elsewhere = await startServer(200, () => Readable.from(['{}']));
  t.teardown(() => elsewhere.server.close());
  const from = await startServer(307, () => Readable.from([' ']), { location: `${elsewhere.url}/v1/sites` });
  t.teardown(() => from.server.close());
  const client = new ApiClient(from.url, 'sk_1', signal);
  t.teardown(() => client.close());
  await t.rejects(client.sites(), { code: 'proxy-refused', message: /answers 307/ });
  await t.rejects(askAdmin({ url: from.url }, '/verify', {}, signal));
  t.strictSame(elsewhere.asked, []);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { ApiClient } from '../../../../origin/client/api-client.ts';
import { followEvents } from '../../../../origin/client/event-calls.ts';

const message = (id: number) =>
  `data: ${JSON.stringify({ id, time: 0, kind: 'purge', cause: 'a test', what: {} })}\nid: ${id}\n\n`;

t.test('whoever follows goes on after the origin was restored from an older copy', async (t) => {
  const streams = [
    `: quiet\nid: 899\n\n${message(900)}`,
    // The origin is back, and has events up to 5.
    `: quiet\nid: 5\n\n${message(6)}${message(7)}`,
    `: quiet\nid: 7\n\n${message(8)}`,
  ];
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(streams[asked.push(request.headers['last-event-id']) - 1]);
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { signal } = new AbortController();
  const client = new ApiClient(url, 'sk_1', signal);
  t.teardown(() => client.close());
  const seen: number[] = [];
  for await (const { id } of followEvents(client, 'events', { after: 899 }, { signal, lost() {} })) {
    seen.push(id);
    if (id === 8) break;
  }
  t.strictSame(seen, [900, 6, 7, 8]);
  t.strictSame(asked, ['899', '900', '7']);
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import type { Reader } from '../../../../../edge/serve/connection/exchanges.ts';
import { FastLane, type FastLaneParts } from '../../../../../edge/serve/fast-lane/fast-lane.ts';
import { until } from '../../../../helpers/until.ts';

/** More than the buffers of two sockets hold. */
const WRITTEN = 64 * 1024 * 1024;

t.test('of an answer that is not taken at once, what its reader takes is known', async (t) => {
  let waiting: Reader | undefined;
  const answer = {
    ...{ site: 'www', prepared: { status: 200, headers: {}, body: Buffer.alloc(0) } },
    at: () => Buffer.alloc(WRITTEN),
    used() {},
  };
  const parts = {
    ...{ views: { current: () => ({}) }, answers: { find: () => answer } },
    ...{
      counters: { count() {} },
      recent: { note() {} },
      time: { now: () => 0 },
      limits: { hasRate: false },
    },
    ...{ accessLog: undefined, scheme: 'http', keepAliveMs: 60_000, isMisdirected: () => false },
    drain: { isOn: false },
    exchanges: {
      begin: (reader: Reader) => {
        waiting = reader;
        return { close() {} };
      },
    },
    handOver: (socket: Socket) => socket.destroy(),
  };
  const lane = new FastLane(parts as unknown as FastLaneParts);
  const server = createServer((socket) => lane.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  t.teardown(() => {
    reader.destroy();
    server.close();
  });
  reader.write('GET /a.css HTTP/1.1\r\nHost: www\r\n\r\n');
  const { takenBytes } = await until('an answer that waits', () => waiting);
  const before = takenBytes?.() ?? Number.NaN;
  t.ok(before < WRITTEN);
  reader.on('data', () => {}).resume();
  await until('all is taken', () => takenBytes?.() === WRITTEN);
});

t.test('a connection to a drained edge goes to the full server with all that it has sent', async (t) => {
  const handed = Promise.withResolvers<string>();
  const parts = {
    ...{ time: { now: () => 0 }, drain: { isOn: true } },
    handOver: (socket: Socket) =>
      socket.once('data', (bytes) => {
        handed.resolve(String(bytes));
        socket.destroy();
      }),
  };
  const lane = new FastLane(parts as unknown as FastLaneParts);
  const server = createServer((socket) => lane.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => {
    reader.destroy();
    server.close();
  });
  const head = 'GET /a.css HTTP/1.1\r\nHost: www\r\n\r\n';
  reader.write(head);
  t.equal(await handed.promise, head);
});

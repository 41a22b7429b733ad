import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
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

/** A lane in whose turn of the event loop no time is left, and a connection to it that sends all at once. */
function crowded(sent: string, find: () => unknown) {
  const waiting: [string, () => void][] = [];
  let handedOver = 0;
  const parts = {
    ...{ views: { current: () => ({}) }, answers: { find }, drain: { isOn: false } },
    ...{ counters: { count() {} }, recent: { note() {} }, time: { now: () => 0 } },
    ...{ limits: { hasRate: false }, accessLog: undefined, scheme: 'http', isMisdirected: () => false },
    turns: { mustWait: () => true, wait: (client: string, work: () => void) => waiting.push([client, work]) },
    handOver: () => handedOver++,
  };
  const socket = Object.assign(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }), {
    setTimeout() {},
    destroySoon: () => void socket.end(),
    remoteAddress: '192.0.2.1',
  });
  const lane = new FastLane(parts as unknown as FastLaneParts);
  lane.take(socket as unknown as Socket);
  socket.push(Buffer.from(sent));
  return { lane, socket, waiting, handedOver: () => handedOver };
}

t.test('after some requests in a row, others have their turn', (t) => {
  let answered = 0;
  const answer = { ...{ site: 'www', prepared: { status: 200, body: '' }, used() {} }, at: () => 'x' };
  const get = 'GET /a.css HTTP/1.1\r\nHost: www\r\n\r\n';
  const { socket, waiting } = crowded(get.repeat(20), () => {
    answered++;
    return answer;
  });
  for (const expected of [8, 16, 20]) {
    t.equal(answered, expected);
    t.equal(waiting[0]?.[0], expected < 20 ? '192.0.2.1' : undefined);
    waiting.shift()?.[1]();
  }
  socket.destroy();
  t.end();
});

t.test('a connection waits for its turn before it is handed over, unless it is closed', (t) => {
  const get = 'GET /large.bin HTTP/1.1\r\nHost: www\r\n\r\n';
  const first = crowded(get, () => undefined);
  t.equal(first.handedOver(), 0);
  first.waiting[0]?.[1]();
  t.equal(first.handedOver(), 1);
  const second = crowded(get, () => undefined);
  second.socket.destroy();
  second.waiting[0]?.[1]();
  t.equal(second.handedOver(), 0);
  first.socket.destroy();
  const third = crowded(get, () => undefined);
  third.lane.closeConnections();
  t.notOk(third.socket.writableEnded, 'an edge that ends still answers it');
  third.waiting[0]?.[1]();
  t.equal(third.handedOver(), 1);
  third.socket.destroy();
  t.end();
});

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Handshakes } from '../../../../../edge/serve/tls/handshakes.ts';
import { until } from '../../../../helpers/until.ts';

const WAIT_MS = 20_000;

/** A server that notes the pieces in which TLS would get the first bytes of each connection. */
async function serve(t: Test, prepare: (socket: Socket) => void = () => {}) {
  const begun: Buffer[][] = [];
  const accepted: Socket[] = [];
  const clock = { now: 0 };
  const begin = (socket: Socket) => {
    const pieces: Buffer[] = [];
    for (let piece = socket.read(); piece !== null; piece = socket.read()) pieces.push(piece);
    begun.push(pieces);
  };
  const handshakes = new Handshakes(begin, { waitMs: WAIT_MS, now: () => clock.now });
  const server = createServer((socket) => {
    accepted.push(socket);
    prepare(socket);
    handshakes.take(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => {});
  t.teardown(() => {
    for (const socket of [client, ...accepted]) socket.destroy();
    server.close();
  });
  return { begun, accepted, handshakes, client, clock };
}

const closed = (client: Socket) => new Promise((resolve) => client.resume().once('close', resolve));

t.test('TLS begins with the first bytes and gets them in small pieces', async (t) => {
  const { begun, accepted, client } = await serve(t);
  await until('the connection', () => accepted.length === 1);
  t.same(begun, []);
  const hello = Buffer.from(Array.from({ length: 2500 }, (_, i) => i % 251));
  client.write(hello);
  const pieces = await until('the first bytes', () => begun[0]);
  t.same(Buffer.concat(pieces), hello);
  t.ok(pieces.every(({ length }) => length <= 1000));
});

t.test('bytes that came with a PROXY header are the first ones', async (t) => {
  const { begun } = await serve(t, (socket) => void socket.unshift(Buffer.from('hello')));
  const [pieces = []] = await until('the first bytes', () => begun.length > 0 && begun);
  t.equal(Buffer.concat(pieces).toString(), 'hello');
});

t.test('a connection that sends nothing is closed', async (t) => {
  const { begun, accepted, client, clock, handshakes } = await serve(t);
  await until('the connection', () => accepted.length === 1);
  handshakes.endLate();
  t.notOk(accepted[0]?.destroyed);
  clock.now = WAIT_MS;
  handshakes.endLate();
  await closed(client);
  t.same(begun, []);
});

t.test('so is one whose client leaves', async (t) => {
  const { accepted, begun, client } = await serve(t);
  await until('the connection', () => accepted.length === 1);
  client.end();
  await closed(client);
  t.same(begun, []);
});

t.test('so is one whose handshake does not end, and no other', async (t) => {
  const { begun, accepted, client, clock, handshakes } = await serve(t);
  client.write('hello');
  await until('the first bytes', () => begun[0]);
  const [socket] = accepted;
  clock.now = WAIT_MS - 1;
  handshakes.endLate();
  t.notOk(socket?.destroyed);
  handshakes.closeWaiting();
  t.notOk(socket?.destroyed, 'an edge that ends answers it');
  clock.now = WAIT_MS;
  handshakes.endLate();
  await closed(client);
});

t.test('a connection stays after its handshake', async (t) => {
  const { begun, accepted, client, clock, handshakes } = await serve(t);
  client.write('hello');
  await until('the first bytes', () => begun[0]);
  const [socket] = accepted;
  if (socket !== undefined) handshakes.ended(socket);
  clock.now = WAIT_MS;
  handshakes.endLate();
  t.notOk(socket?.destroyed);
});

t.test('an edge that ends does not wait for handshakes', async (t) => {
  const { accepted, handshakes, client } = await serve(t);
  await until('the connection', () => accepted.length === 1);
  handshakes.closeWaiting();
  await closed(client);
});

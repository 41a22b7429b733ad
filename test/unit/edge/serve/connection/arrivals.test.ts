import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Arrivals } from '../../../../../edge/serve/connection/arrivals.ts';
import { ClientLimits } from '../../../../../edge/serve/connection/client-limits.ts';
import { Connections } from '../../../../../edge/serve/connection/connections.ts';
import { parseCidr } from '../../../../../shared/http/ip-address.ts';
import { SOURCE } from '../../../../../shared/http/source.ts';
import { fastTime } from '../../../../helpers/fast-time.ts';
import { until } from '../../../../helpers/until.ts';

const PROXY = '127.0.0.2';
const HEADER = 'PROXY TCP4 192.0.2.7 10.0.0.1 51000 443\r\n';
const OF_PROXY = `PROXY TCP4 ${PROXY} 10.0.0.1 51000 443\r\n`;

/** A server that keeps what came of each connection that was admitted. Two connections a client are allowed. */
async function serve(t: Test, { useProxyProtocol = true } = {}) {
  const admitted: { socket: Socket; text: string }[] = [];
  const limits = new ClientLimits({ connections: 2, requestsPerSecond: null });
  const trusted = [PROXY].flatMap((text) => parseCidr(text) ?? []);
  const arrivals = new Arrivals(new Connections(100, limits), { trusted, useProxyProtocol });
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    arrivals.take(socket, 1, () => {
      const connection = { socket, text: '' };
      admitted.push(connection);
      socket.on('data', (bytes) => {
        connection.text += bytes.toString('latin1');
      });
      socket.on('error', () => {});
      socket.resume();
    });
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const clients: Socket[] = [];
  t.teardown(() => {
    for (const socket of [...clients, ...accepted]) socket.destroy();
    server.close();
  });
  return {
    arrivals,
    admitted,
    open(localAddress = PROXY) {
      const { port } = server.address() as AddressInfo;
      const client = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
  };
}

/** A connection that is reset is closed, too. */
const closed = (client: Socket) => new Promise((resolve) => client.resume().once('close', resolve));

t.test('what follows the header is read as if the header were not there', async (t) => {
  const { admitted, open } = await serve(t);
  open().write(`${HEADER}GET / HTTP/1.1\r\n`);
  const { socket } = await until('the connection', () => admitted[0]);
  await until('the rest', () => admitted[0]?.text === 'GET / HTTP/1.1\r\n');
  t.same(socket[SOURCE], { address: '192.0.2.7', proxies: undefined });
});

t.test('a header may come byte by byte', async (t) => {
  const { admitted, open } = await serve(t);
  const client = open();
  for (const byte of `${HEADER}abc`)
    await new Promise((resolve) => client.write(byte, () => setImmediate(resolve)));
  await until('the rest', () => admitted[0]?.text === 'abc');
  t.equal(admitted[0]?.socket[SOURCE]?.address, '192.0.2.7');
});

t.test('a proxy that speaks for itself, or for another trusted proxy, is heeded', async (t) => {
  const { admitted, open } = await serve(t);
  open().write('PROXY UNKNOWN\r\n');
  open().write(OF_PROXY);
  await until('both', () => admitted.length === 2);
  for (const { socket } of admitted) t.match(socket[SOURCE], { address: PROXY, proxies: Object });
});

t.test('a proxy without a header is not answered', async (t) => {
  const { admitted, open } = await serve(t);
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', 'PROXY TCP4 junk\r\n', '\x16\x03\x01\x00']) {
    const client = open();
    client.end(bytes, 'latin1');
    await closed(client);
    t.equal(client.bytesRead, 0);
  }
  const left = open();
  left.end('PROXY TCP4');
  await closed(left);
  t.same(admitted, []);
});

t.test('a proxy that never ends its header is given up', async (t) => {
  using _time = fastTime(100);
  const { admitted, open } = await serve(t);
  const silent = open();
  await closed(silent);
  const slow = open();
  slow.write('PROXY ');
  await closed(slow);
  t.same(admitted, []);
});

t.test('an edge that ends does not wait for headers', async (t) => {
  const { arrivals, open } = await serve(t);
  const client = open();
  client.write('PROXY TCP4 ');
  await until('the connection to be closed', () => {
    arrivals.closeWaiting();
    return client.resume().destroyed;
  });
});

t.test('to another peer the header is nothing special', async (t) => {
  const { admitted, open } = await serve(t);
  open('127.0.0.1').write(HEADER);
  await until('the bytes', () => admitted[0]?.text === HEADER);
  t.equal(admitted[0]?.socket[SOURCE], undefined);
});

t.test('without the option the header of a proxy is nothing special', async (t) => {
  const { admitted, open } = await serve(t, { useProxyProtocol: false });
  open().write(HEADER);
  await until('the bytes', () => admitted[0]?.text === HEADER);
  t.match(admitted[0]?.socket[SOURCE], { address: PROXY, proxies: Object });
});

t.test(
  'connections count for the client that the header names, and for none when it is a proxy',
  async (t) => {
    const { admitted, open } = await serve(t);
    for (let i = 0; i < 4; i++) open().write(OF_PROXY);
    await until('all of the proxy', () => admitted.length === 4);
    const [first, second] = [open(), open()];
    first.write(HEADER);
    second.write(HEADER);
    await until('two of the client', () => admitted.length === 6);
    const third = open();
    third.write(HEADER);
    await closed(third);
    open().write(HEADER.replace('192.0.2.7', '192.0.2.8'));
    await until('one of another client', () => admitted.length === 7);
    first.destroy();
    await until('room for the client', () => admitted.slice(4).some(({ socket }) => socket.destroyed));
    open().write(HEADER);
    await until('one more', () => admitted.length === 8);
    t.equal(admitted.length, 8);
  },
);

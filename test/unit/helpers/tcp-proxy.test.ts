import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type ProxyOptions, startProxy } from '../../helpers/tcp-proxy.ts';
import { until } from '../../helpers/until.ts';

type Shape = Omit<ProxyOptions, 'target'>;

/** A target that does `serve` with each connection, behind a proxy. */
async function proxied(t: Test, serve: (socket: Socket) => void, shape: Shape = {}) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: address.port }, ...shape });
  t.teardown(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { proxy, sockets };
}

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  return socket;
}

/** `once` would throw the reset that comes before. */
const closing = (socket: Socket) => new Promise<void>((resolve) => socket.on('close', () => resolve()));

const echo = (socket: Socket) => socket.pipe(socket);

t.test('passes all bytes both ways, counts them, and carries half-closes', async (t) => {
  const { proxy } = await proxied(t, (socket) => {
    const asked: Buffer[] = [];
    socket.on('data', (part: Buffer) => asked.push(part));
    socket.on('end', () => socket.end(Buffer.concat([...asked, ...asked])));
  });
  const client = open(proxy.port);
  const sent = Buffer.alloc(3_000_000, 'skerry');
  client.end(sent);
  t.ok((await buffer(client)).equals(Buffer.concat([sent, sent])));
  t.equal(proxy.bytesUp, sent.length);
  t.equal(proxy.bytesDown, 2 * sent.length);
  t.equal(proxy.bytes, 3 * sent.length);
  await until('the connection to be gone', () => proxy.connections === 0);
});

t.test('holds back a side that is faster than the other', async (t) => {
  const { proxy, sockets } = await proxied(t, (socket) => socket.pause());
  const client = open(proxy.port);
  const block = Buffer.alloc(1024 * 1024);
  let written = 0;
  // Stops when nothing has moved for a while: then all buffers between the ends are full.
  for (; written < 200; written++) {
    if (client.write(block)) continue;
    const drained = await Promise.race([once(client, 'drain'), sleep(500)]);
    if (drained === undefined) break;
  }
  t.ok(written < 30, `${written} MiB were taken`);
  for (const socket of sockets) socket.resume();
  await once(client, 'drain');
});

t.test('a delay is added each way, a rate is kept to, and both can change', async (t) => {
  const { proxy } = await proxied(t, echo, { delayMs: 60 });
  const client = open(proxy.port);
  const roundTrip = async (bytes: Buffer) => {
    const began = performance.now();
    client.write(bytes);
    for (let got = 0; got < bytes.length; ) got += ((await once(client, 'data')) as [Buffer])[0].length;
    return performance.now() - began;
  };
  await once(client, 'connect');
  t.ok((await roundTrip(Buffer.from('x'))) >= 119);
  proxy.delayMs = 0;
  // A busy machine adds to a round trip, but not to each.
  await until('a round trip without a delay', async () => (await roundTrip(Buffer.from('x'))) < 60);
  proxy.bytesPerSecond = 100_000;
  const slow = await roundTrip(Buffer.alloc(30_000));
  t.ok(slow >= 290, `${slow} ms`);
  proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
  await until('a round trip at full speed', async () => (await roundTrip(Buffer.alloc(30_000))) < 200);
  client.destroy();
});

t.test('a cut ends connections and refuses new ones until it is restored', async (t) => {
  const { proxy, sockets } = await proxied(t, echo);
  const client = open(proxy.port);
  client.write('x');
  await once(client, 'data');
  const closed = closing(client);
  await proxy.cut();
  await closed;
  await until('the target to see it', () => [...sockets].every(({ destroyed }) => destroyed));
  const [error] = (await once(connect(proxy.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED');
  await proxy.restore();
  const again = open(proxy.port);
  again.end('back');
  t.equal(await text(again), 'back');
});

t.test('frozen, it keeps connections and passes nothing; a cut ends them all the same', async (t) => {
  const { proxy } = await proxied(t, echo);
  const client = open(proxy.port);
  await once(client, 'connect');
  proxy.freeze();
  client.write('kept');
  await sleep(50);
  t.equal(proxy.bytes, 0);
  t.equal(client.destroyed, false);
  const answer = once(client, 'data');
  proxy.thaw();
  t.equal(String((await answer)[0]), 'kept');
  proxy.freeze();
  client.write('lost');
  const closed = closing(client);
  await proxy.cut();
  await closed;
});

t.test('a target that is not there looks like a broken connection', async (t) => {
  const { proxy } = await proxied(t, echo);
  const { port } = proxy;
  await proxy.close();
  const lonely = await startProxy({ target: { host: '127.0.0.1', port } });
  t.teardown(() => lonely.close());
  const client = open(lonely.port);
  await closing(client);
  t.equal(lonely.bytes, 0);
});

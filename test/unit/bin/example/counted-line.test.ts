import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { openCountedLine } from '../../../../bin/example/counted-line.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { until } from '../../../helpers/until.ts';

async function originOf(t: Test, serve: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const line = await openCountedLine((server.address() as AddressInfo).port, systemClock);
  t.teardown(() => line.close());
  const dial = () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(line.url).port) });
    socket.on('error', () => {});
    return socket;
  };
  return { line, dial };
}

t.test('passes on and counts both directions', async (t) => {
  const { line, dial } = await originOf(t, (socket) => socket.pipe(socket));
  const edge = dial();
  const sent = 'x'.repeat(300_000);
  edge.end(sent);
  t.equal(await text(edge), sent);
  t.equal(line.bytes.since(0), 2 * sent.length);
});

t.test('an end that goes takes the other with it', async (t) => {
  const origins: Socket[] = [];
  const { dial } = await originOf(t, (socket) => origins.push(socket));
  const left = dial();
  const leaving = await until('the first connection', () => origins[0]);
  const gone = once(leaving, 'close');
  left.resetAndDestroy();
  await gone;
  const lost = dial();
  (await until('the second connection', () => origins[1])).resetAndDestroy();
  await once(lost, 'close');
});

t.test('closes with its connections, and without an origin', async (t) => {
  const { line, dial } = await originOf(t, () => {});
  const edge = dial();
  await once(edge, 'connect');
  const gone = once(edge, 'close');
  await line.close();
  await gone;
  const vain = await openCountedLine(1, systemClock);
  t.teardown(() => vain.close());
  const refused = connect({ host: '127.0.0.1', port: Number(new URL(vain.url).port) });
  refused.on('error', () => {});
  await once(refused, 'close');
});

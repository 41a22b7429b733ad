import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Upstream } from '../../../../edge/follow/upstream.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { newNonce } from '../../../../shared/feed/nonces.ts';
import { generateSigningKey } from '../../../../shared/keys.ts';

const caller = { name: 'e', key: generateSigningKey(), log: 'a'.repeat(32) };
const INFORMATIONAL = 'HTTP/1.1 103 Early Hints\r\n\r\n';

/** A parent that greets, and lets `answer` write whatever it likes to whoever asks for more. */
async function parent(t: Test, answer: (socket: Socket, asked: number) => void): Promise<Upstream> {
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').includes('/hello')) return answer(socket, ++asked);
      const hello = JSON.stringify({ edge: 'parent', nonce: newNonce() });
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${hello.length}\r\n\r\n${hello}`,
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, isOrigin: false }, systemClock);
  t.teardown(async () => {
    await upstream.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return upstream;
}

const records = (upstream: Upstream) => upstream.records(caller, 1, new AbortController().signal).next();

t.test('one that announces an answer for ever is given up', { timeout: 10_000 }, async (t) => {
  const upstream = await parent(t, (socket) => {
    const timer = setInterval(() => socket.write(INFORMATIONAL), 1);
    socket.once('close', () => clearInterval(timer));
  });
  await t.rejects(records(upstream), { code: 'upstream-protocol' });
});

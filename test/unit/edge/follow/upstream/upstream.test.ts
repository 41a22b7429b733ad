import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { PATIENCE, type Patiences } from '../../../../../edge/follow/upstream/connections.ts';
import { Upstream } from '../../../../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { generateSigningKey } from '../../../../../shared/signing/keys.ts';
import { newNonce } from '../../../../../shared/signing/nonce.ts';
import { until } from '../../../../helpers/until.ts';

const self = { name: 'e', key: generateSigningKey(), log: 'a'.repeat(32) };
const INFORMATIONAL = 'HTTP/1.1 103 Early Hints\r\n\r\n';

/** A parent that greets, and lets `answer` write whatever it likes to whoever asks for more. */
async function parent(
  t: Test,
  answer: (socket: Socket, asked: number) => void,
  patience: Patiences = PATIENCE,
  isSilent = () => false,
): Promise<Upstream> {
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (isSilent()) return;
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
  const upstream = new Upstream({ url: `http://127.0.0.1:${port}`, isOrigin: false }, systemClock, {
    patience,
  });
  t.teardown(async () => {
    await upstream.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return upstream;
}

const records = (upstream: Upstream) => upstream.records(self, 1, new AbortController().signal).next();

t.test('one that announces an answer for ever is given up', async (t) => {
  const upstream = await parent(t, (socket) => {
    const timer = setInterval(() => socket.write(INFORMATIONAL), 1);
    socket.once('close', () => clearInterval(timer));
  });
  await t.rejects(records(upstream), { code: 'upstream-protocol' });
});

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n';
const PATH = '{"v":1,"t":"path","names":[]}\n';
const soon = { connectMs: 5000, headMs: 300, silenceMs: 300 };

t.test('a stream that falls silent, or of which not even the head comes, has a name', async (t) => {
  const piece = `${PATH.length.toString(16)}\r\n${PATH}\r\n`;
  // What comes at all has time to come.
  const patient = { ...soon, headMs: 20_000 };
  for (const [said, frames, stream] of [
    ['', 0, soon],
    [OK, 0, patient],
    [OK + piece, 1, patient],
  ] as const) {
    const upstream = await parent(t, (socket) => socket.write(said), { ...PATIENCE, stream });
    let came = 0;
    const follow = async () => {
      const wants = { sites: null, prefixes: null };
      for await (const _ of upstream.stream(self, 1, wants, new AbortController().signal)) came++;
    };
    await t.rejects(follow(), { code: 'silent-feed', message: upstream.url, hint: /buffering proxy/ });
    t.equal(came, frames);
  }
});

t.test('readers do not wait for one that is known to be silent, until it is back', async (t) => {
  let isSilent = false;
  const object = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';
  const headMs = 1500;
  const hurried = { ...PATIENCE, readers: { ...soon, headMs } };
  const upstream = await parent(
    t,
    (socket) => socket.write(object),
    hurried,
    () => isSilent,
  );
  const { signal } = new AbortController();
  const read = async () => {
    const transfer = { signal, bandwidths: [], isForReaders: true };
    let text = '';
    for await (const bytes of await upstream.object(self, digestOf('hi'), undefined, transfer)) text += bytes;
    return text;
  };
  t.equal(await read(), 'hi');
  isSilent = true;
  await t.rejects(read(), { code: 'origin-unreachable', message: /HEADERS_TIMEOUT/ });
  const began = performance.now();
  const ends = await Promise.allSettled(Array.from({ length: 50 }, read));
  t.ok(ends.every(({ status }) => status === 'rejected'));
  t.ok(performance.now() - began < headMs, 'none of them waits');
  isSilent = false;
  t.equal(await until('it is back', () => read().catch(() => undefined)), 'hi');
});

t.test('who waits already is told, too', async (t) => {
  const upstream = await parent(t, () => {}, { ...PATIENCE, replication: { ...soon, headMs: 1500 } });
  const { signal } = new AbortController();
  const transfer = { signal, bandwidths: [], isForReaders: true };
  const reading = upstream.object(self, digestOf('hi'), undefined, transfer);
  const reader = t.rejects(reading, { code: 'origin-unreachable' });
  await t.rejects(records(upstream), { code: 'origin-unreachable' });
  await reader;
});

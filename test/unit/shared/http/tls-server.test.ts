import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import t, { type Test } from 'tap';
import { httpServer } from '../../../../shared/http/http-server.ts';
import { listen } from '../../../../shared/http/listen.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { type CertifiedKey, unchanging } from '../../../../shared/tls/server-certificates.ts';
import { clientHello } from '../../../fault/attacks/handshakes.ts';
import { testAuthority } from '../../../helpers/certificates.ts';
import { ask } from '../../../helpers/http.ts';
import { until } from '../../../helpers/until.ts';

/** How many handshakes of one client may be unfinished. */
const UNFINISHED = 1024;

const authority = await testAuthority('a'.repeat(32));

async function server(t: Test, certificates = unchanging(shown)) {
  const app = httpServer(createLogger(), { certificates, forceCloseConnections: true });
  app.get('/', async () => 'well');
  t.teardown(() => app.close());
  return listen(app, { host: '127.0.0.1', port: 0 }, 'https');
}

const shown = await authority.issue();

async function get(url: string, agent: Agent) {
  const sent = request(url, { agent });
  sent.end();
  const [response] = await once(sent, 'response');
  const serial = (response.socket as TLSSocket).getPeerX509Certificate()?.serialNumber;
  return { body: await text(response), serial };
}

t.test('it serves over TLS, and says so', async (t) => {
  const url = await server(t);
  t.match(url, /^https:\/\/127\.0\.0\.1:/);
  const agent = new Agent({ ca: authority.pem });
  t.equal((await get(url, agent)).body, 'well');
  agent.destroy();
});

t.test('who speaks plain HTTP is told to speak TLS', async (t) => {
  const url = await server(t);
  const { status, body } = await ask(url.replace('https', 'http'), '/');
  t.equal(status, 400);
  t.match(JSON.parse(body.toString()), { code: 'tls-required', hint: /https/ });
});

t.test('a client that leaves before its first byte hurts nobody', async (t) => {
  const url = await server(t);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end();
  await once(socket.resume(), 'close');
  const agent = new Agent({ ca: authority.pem });
  t.equal((await get(url, agent)).body, 'well');
  agent.destroy();
});

t.test('a new certificate is for new connections, and cuts no old one', async (t) => {
  let current: CertifiedKey = shown;
  let changed = () => {};
  const url = await server(t, {
    get shown() {
      return current;
    },
    onChange(listener) {
      changed = listener;
    },
  });
  const agent = new Agent({ ca: authority.pem, keepAlive: true, maxSockets: 1 });
  const before = await get(url, agent);
  current = await authority.issue();
  changed();
  t.same(await get(url, agent), before, 'the open connection continues');
  const fresh = new Agent({ ca: authority.pem });
  t.not((await get(url, fresh)).serial, before.serial);
  for (const each of [agent, fresh]) each.destroy();
});

t.test('only HTTP/1.1 is negotiated', async (t) => {
  const { port } = new URL(await server(t));
  const socket = tlsConnect({
    ...{ port: Number(port), host: '127.0.0.1', ca: authority.pem },
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  t.equal(socket.alpnProtocol, 'http/1.1');
  socket.destroy();
});

for (const [what, first] of [
  ['handshakes that are not completed', await clientHello()],
  ['connections that send nothing', Buffer.alloc(0)],
] as const)
  t.test(`of many ${what}, the oldest end, and others are served`, async (t) => {
    const url = await server(t);
    const { port } = new URL(url);
    const opened: Socket[] = [];
    let ended = 0;
    for (let i = 0; i < UNFINISHED + 3; i++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      opened.push(socket);
      socket.once('close', () => ended++);
      await once(socket, 'connect');
      socket.resume().write(first);
    }
    await until('the oldest to end', () => ended === 3);
    t.same(
      opened.slice(0, 4).map(({ destroyed }) => destroyed),
      [true, true, true, false],
    );
    const agent = new Agent({ ca: authority.pem });
    t.equal((await get(url, agent)).body, 'well');
    agent.destroy();
    for (const socket of opened) socket.destroy();
  });

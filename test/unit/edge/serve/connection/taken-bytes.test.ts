import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import t, { type Test } from 'tap';
import { takenBytes } from '../../../../../edge/serve/connection/taken-bytes.ts';
import { writeCertificate } from '../../../../helpers/certificates.ts';
import { until } from '../../../../helpers/until.ts';

/** More than the buffers of two sockets hold. */
const WRITTEN = 64 * 1024 * 1024;

const folder = t.testdir();
await writeCertificate(join(folder, 'a'), ['a.example']);
const cert = await readFile(join(folder, 'a.crt'));
const key = await readFile(join(folder, 'a.key'));

t.test('of a plain socket', (t) => showsProgress(t, createServer(), 'connection', (port) => connect(port)));

t.test('of a socket with TLS', (t) =>
  showsProgress(t, createTlsServer({ cert, key }), 'secureConnection', (port) =>
    connectTls({ port, rejectUnauthorized: false }),
  ),
);

async function showsProgress(
  t: Test,
  server: Server,
  event: string,
  dial: (port: number) => Socket,
): Promise<void> {
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  const reader = dial(typeof address === 'object' ? (address?.port ?? 0) : 0).pause();
  const [socket] = (await once(server, event)) as [Socket];
  t.teardown(() => {
    reader.destroy();
    server.close();
  });
  socket.write(Buffer.alloc(WRITTEN));
  const before = takenBytes(socket) ?? Number.NaN;
  t.ok(before < WRITTEN, 'what waits in this process does not count');
  reader.on('data', () => {});
  reader.resume();
  await until('all is taken', () => (takenBytes(socket) ?? 0) >= WRITTEN);
  socket.destroy();
  t.equal(takenBytes(socket), undefined);
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import t from 'tap';
import { Listeners } from '../../../../../edge/serve/connection/listeners.ts';

t.test('all listeners of a port give their connections to one server, until they are closed', async (t) => {
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted++;
    t.equal(socket.allowHalfOpen, true);
    socket.end(String(accepted));
  });
  const listeners = new Listeners(server, { allowHalfOpen: true });
  await listeners.listen('127.0.0.1', 0);
  const { port } = server.address() as AddressInfo;
  const readers = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').resume());
  await Promise.all(readers.map((reader) => once(reader, 'close')));
  t.equal(accepted, 50);
  await listeners.close();
  const late = connect(port, '127.0.0.1');
  const [error] = await once(late, 'error');
  t.match(error, { code: 'ECONNREFUSED' });
});

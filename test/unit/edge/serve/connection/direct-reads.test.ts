import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { endReads, pauseReads, readDirectly } from '../../../../../edge/serve/connection/direct-reads.ts';
import { until } from '../../../../helpers/until.ts';

async function serve(t: Test) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [socket]: Socket[] = await accepted;
  t.teardown(() => {
    client.destroy();
    socket?.destroy();
    server.close();
  });
  if (socket === undefined) throw new Error('there is no connection');
  const read: Buffer[] = [];
  readDirectly(socket, { read: (chunk) => void read.push(chunk) });
  const text = () => Buffer.concat(read).toString();
  return { client, socket, text };
}

t.test('chunks pass in their order, and the end of the client is noticed', async (t) => {
  const { client, socket, text } = await serve(t);
  const ended = once(socket, 'end');
  client.write('one ');
  await until('the first chunk', () => text() === 'one ');
  client.end('two');
  await ended;
  t.equal(text(), 'one two');
});

t.test('a pause stops the reading, and nothing is lost', async (t) => {
  const { client, socket, text } = await serve(t);
  client.write('one ');
  await until('the first chunk', () => text() === 'one ');
  pauseReads(socket);
  client.write('two ');
  await until('the second chunk', () => socket.readableLength > 0);
  t.equal(text(), 'one ');
  socket.resume();
  await until('both chunks', () => text() === 'one two ');
  client.write('three');
  await until('the last chunk', () => text() === 'one two three');
});

t.test('what is put back and all that follows goes to those who read next', async (t) => {
  const { client, socket, text } = await serve(t);
  client.write('one ');
  await until('the first chunk', () => text() === 'one ');
  endReads(socket);
  socket.unshift(Buffer.from('rest '));
  const next: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => next.push(chunk)).resume();
  client.write('two');
  await until('the rest', () => Buffer.concat(next).toString() === 'rest two');
  t.equal(text(), 'one ');
});

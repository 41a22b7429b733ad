import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createReaders, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { PacedConnection } from '../../../../../edge/serve/connection/paced-connection.ts';
import { Turns } from '../../../../../edge/serve/connection/turns.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const MB = 1024 * 1024;

/** All that comes back for what is sent, until the server has closed the connection. */
async function answersTo(t: Test, sent: string, listener?: RequestListener): Promise<string> {
  const server = createServer(listener ?? ((_request, response) => response.end('x')));
  PacedConnection.use(server, new Turns(() => performance.now()));
  const readers = createReaders({ allowHalfOpen: true }, (socket) => void server.emit('connection', socket));
  readers.listen(0, '127.0.0.1');
  await once(readers, 'listening');
  t.teardown(() => readers.close());
  const reader = connect((readers.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  reader.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  reader.on('error', () => {});
  reader.write(sent);
  await once(reader, 'close').catch(() => {});
  return text;
}

t.test('a request that announces a body is the last of its connection', async (t) => {
  const body = '\r\n\r\n'.repeat(10_000);
  const heads = [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'];
  for (const head of heads) {
    const answers = await answersTo(t, `POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}${LAST}`);
    t.match(answers, /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*x/s);
    t.equal(answers.split('HTTP/1.1 ').length, 2, 'nothing after its head is looked at');
  }
});

t.test('an empty body is none', async (t) => {
  const answers = await answersTo(t, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n${LAST}`);
  t.equal(answers.split('HTTP/1.1 200').length, 3);
});

t.test('a few empty lines before a request are passed over, many are not', async (t) => {
  const few = await answersTo(t, `\r\n\r\n${GET}\r\n${LAST}`);
  t.equal(few.split('HTTP/1.1 200').length, 3);
  t.equal(await answersTo(t, '\r\n'.repeat(1000) + LAST), '');
});

t.test('others have their turns during a row of requests', async (t) => {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  const answers = await answersTo(t, GET.repeat(400) + LAST, ({ url }, response) => {
    if (turns === 0) turn();
    if (url === '/last') isOver = true;
    response.end();
  });
  t.equal(answers.split('HTTP/1.1 200').length, 402);
  t.ok(turns > 10, `${turns} turns`);
});

t.test('of an answer that nobody takes, one piece waits', (t) => {
  const socket = new Duplex({ read() {}, write() {}, writableHighWaterMark: MB });
  const paced = new PacedConnection(socket as unknown as Socket, new Turns(() => performance.now()));
  t.notOk(paced.write(Buffer.alloc(32 * 1024)), 'no more is to be written');
  paced.destroy();
  t.end();
});

t.test('a client whose connections are sent much ahead of its answers leaves room to others', (t) => {
  const connections: PacedConnection[] = [];
  const ahead = (remoteAddress: string) => {
    const socket = Object.assign(new Duplex({ read() {}, write() {} }), { remoteAddress });
    const paced = new PacedConnection(socket as unknown as Socket, new Turns(() => performance.now()));
    connections.push(paced);
    socket.emit('data', Buffer.alloc(MB, GET));
    return paced;
  };
  const crowd = Array.from({ length: 40 }, () => ahead('192.0.2.1'));
  t.equal(crowd.filter(({ destroyed }) => !destroyed).length, 16, 'half of 32 MB');
  t.notOk(ahead('192.0.2.2').destroyed);
  for (const connection of connections) connection.destroy();
  t.notOk(ahead('192.0.2.1').destroyed, 'what was held is free again');
  for (const connection of connections) connection.destroy();
  t.end();
});

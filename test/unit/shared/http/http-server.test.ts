import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { Type } from 'typebox';
import { SkerryError } from '../../../../shared/errors.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import type { HttpServer } from '../../../../shared/http/server.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const LARGE = 8 * 1024 * 1024;
const FAR_TOO_LARGE = 64 * 1024 * 1024;
/** What a server reads on of what it has refused. */
const READ_ON = 256 * 1024;

/** A server with a route for strangers, one that refuses everybody, and one that takes uploads. */
async function serving(t: Test) {
  const clock = turnedClock();
  const app: HttpServer = httpServer(pino({ level: 'silent' }), { clock, forceCloseConnections: true });
  let handled = 0;
  let uploaded = 0;
  let asked = 0;
  let answered = 0;
  let isWaiting = true;
  const refuse = async () => {
    throw new SkerryError('unauthenticated', 'a token is needed');
  };
  app.get('/', () => 'here');
  app.get('/slow', async () => {
    handled++;
    await clock.sleep(60_000);
    return '';
  });
  app.post('/open', { schema: { body: Type.Object({ a: Type.Unknown() }) } }, () => ({}));
  app.post('/held', { bodyLimit: 1024 * 1024 }, () => ({}));
  app.post(
    '/known',
    {
      bodyLimit: 1024 * 1024,
      async onRequest({ raw }) {
        if (!isWaiting) return;
        asked++;
        // The client leaves while it is looked up who it is.
        await once(raw.socket, 'close');
        await new Promise(setImmediate);
        answered++;
      },
    },
    () => ({}),
  );
  app.post('/closed', { onRequest: refuse, bodyLimit: LARGE }, () => ({}));
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.put('/upload', { bodyLimit: LARGE }, async ({ body }) => {
      for await (const piece of body as AsyncIterable<Buffer>) uploaded += piece.length;
      return { uploaded };
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const post = (payload: string) =>
    app.inject({ method: 'POST', url: '/open', headers: { 'content-type': 'application/json' }, payload });
  return {
    app,
    clock,
    port,
    post,
    handled: () => handled,
    uploaded: () => uploaded,
    lookups: {
      asked: () => asked,
      answered: () => answered,
      end: () => {
        isWaiting = false;
      },
    },
  };
}

/** A connection to the server, with what it said and whether it has ended; it may send on when the server has. */
async function dial(port: number, allowHalfOpen = false) {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen });
  const said = { text: '', isEnded: false, isGone: false };
  socket.on('data', (bytes) => {
    said.text += bytes.toString('latin1');
  });
  socket.on('end', () => {
    said.isEnded = true;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    said.isGone = true;
  });
  await once(socket, 'connect');
  return { socket, said };
}

const head = (line: string, ...fields: string[]) =>
  `${[`${line} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', ...fields].join('\r\n')}\r\n\r\n`;

t.test('a client that still sends when it is refused gets its answer', async (t) => {
  const { port } = await serving(t);
  const { socket, said } = await dial(port, true);
  const errors: string[] = [];
  socket.on('error', ({ message }) => errors.push(message));
  const length = 200_000;
  socket.write(head('POST /closed', `Content-Length: ${length}`));
  await until('the answer', () => said.text.includes('401') && said.isEnded);
  // Each piece would find a closed connection, were it closed with the answer.
  for (let sent = 0; sent < length; sent += 50_000)
    await new Promise((resolve) => socket.write('x'.repeat(50_000), resolve));
  socket.end();
  await until('the connection to end', () => said.isGone);
  t.strictSame(errors, []);
  t.match(said.text, /a token is needed/);
});

t.test('a client that sends far more than is read gets its answer when it looks for it', async (t) => {
  const { app, port } = await serving(t);
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const { socket, said } = await dial(port, true);
  const [served] = await accepted;
  socket.pause();
  socket.write(head('POST /closed', `Content-Length: ${FAR_TOO_LARGE}`));
  socket.write(Buffer.alloc(FAR_TOO_LARGE));
  await until('the answer', () => served.writableFinished && served.bytesRead > READ_ON);
  socket.resume();
  await until('the connection to end', () => said.isEnded || said.isGone);
  socket.destroy();
  t.match(said.text, /a token is needed/, 'no reset came before it');
});

t.test('a client whose body is there just when it is refused gets its answer', async (t) => {
  const { port } = await serving(t);
  for (let i = 0; i < 40; i++) {
    const { socket, said } = await dial(port);
    socket.write(head('POST /closed', 'Content-Length: 2'));
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    socket.write('{}');
    await until('the connection to end', () => said.isGone);
    t.match(said.text, /a token is needed/);
  }
});

t.test('a refused client is not read for ever', async (t) => {
  const { port } = await serving(t);
  const { socket, said } = await dial(port);
  socket.write(head('POST /closed', `Content-Length: ${LARGE - 1}`));
  await until('the answer', () => said.text.includes('401'));
  const sending = () => {
    while (!socket.destroyed && socket.write('x'.repeat(64 * 1024)));
    if (!socket.destroyed) socket.once('drain', sending);
  };
  sending();
  await until('it to be cut off', () => said.isGone);
  const silent = await dial(port);
  silent.socket.write(head('POST /closed', 'Content-Length: 10'));
  await until('one that sends nothing to be cut off, too', () => silent.said.isGone);
  t.pass();
});

t.test('what is refused on its head is answered without its body, and the connection ends', async (t) => {
  const { app, port } = await serving(t);
  const bytesRead = new Set<() => number>();
  app.server.on('connection', (socket) => bytesRead.add(() => socket.bytesRead));
  const table: [line: string, status: number][] = [
    ['POST /closed', 401],
    ['POST /nowhere', 404],
    ['POST /open', 413],
    ['GET /', 413],
    ['PUT /upload', 413],
  ];
  for (const [line, status] of table) {
    const { socket, said } = await dial(port);
    socket.write(head(line, 'Content-Length: 16777216'));
    await until(`${line} to be answered and left`, () => said.isGone);
    t.match(said.text, new RegExp(`^HTTP/1.1 ${status} `), line);
  }
  const { socket, said } = await dial(port);
  socket.write(head('POST /closed', 'Content-Length: 16777216'));
  const piece = Buffer.alloc(64 * 1024, 0x5b);
  const send = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', send);
  send();
  await until('who goes on sending to be left', () => said.isGone);
  const most = Math.max(...[...bytesRead].map((read) => read()));
  t.ok(most < 1024 * 1024, `${most} bytes were read of what was refused`);
});

t.test('who asks before sending is told only when it is known', async (t) => {
  const { port } = await serving(t);
  const refused = await dial(port);
  refused.socket.write(head('POST /closed', 'Content-Length: 100', 'Expect: 100-continue'));
  await until('the refusal', () => refused.said.isGone);
  t.match(refused.said.text, /^HTTP\/1.1 401 /, 'no 100 before it');
  const { socket, said } = await dial(port);
  socket.write(head('POST /open', 'Content-Length: 7', 'Expect: 100-continue'));
  await until('the word to go on', () => said.text.startsWith('HTTP/1.1 100 '));
  socket.write('{"a":1}');
  await until('the answer', () => said.text.includes('HTTP/1.1 200 '));
  socket.destroy();
});

t.test('bodies are JSON within bounds', async (t) => {
  const { post } = await serving(t);
  t.equal((await post('{"a":[{"b":"c"}]}')).statusCode, 200);
  const bad = [
    `{"a":${'['.repeat(5000)}`,
    '{"a":{"__proto__":{}}}',
    '{"a":{"constructor":{"prototype":{}}}}',
    '{',
    '',
  ];
  for (const text of bad) {
    const { statusCode, body } = await post(text);
    t.equal(statusCode, 400, text.slice(0, 40));
    t.match(JSON.parse(body), { code: 'bad-request' });
  }
  t.equal((await post(`{"a":"${'a'.repeat(20_000)}"}`)).statusCode, 413);
});

t.test('a body that is held comes within its time', async (t) => {
  const { clock, port } = await serving(t);
  const silent = await dial(port);
  silent.socket.write(head('POST /open', 'Content-Length: 7'));
  const dripping = await dial(port);
  dripping.socket.write(head('POST /open', 'Transfer-Encoding: chunked'));
  await until('both to be ended', () => {
    if (dripping.socket.writable) dripping.socket.write('1\r\n \r\n');
    clock.advance(1000);
    return silent.said.isGone && dripping.said.isGone;
  });
  t.match(silent.said.text, /^HTTP\/1.1 408 /);
  t.match(dripping.said.text, /^HTTP\/1.1 408 /);
});

t.test('an upload may be slow, but not still', async (t) => {
  const { clock, port, uploaded } = await serving(t);
  const slow = await dial(port);
  slow.socket.write(head('PUT /upload', 'Content-Length: 5'));
  for (let sent = 1; sent <= 5; sent++) {
    clock.advance(50_000);
    slow.socket.write('x');
    await until('the byte to arrive', () => uploaded() === sent);
  }
  await until('the answer', () => slow.said.text.includes('{"uploaded":5}'));
  slow.socket.destroy();
  const still = await dial(port);
  still.socket.write(head('PUT /upload', 'Content-Length: 5'));
  await until('the still one to be ended', () => {
    clock.advance(10_000);
    return still.said.isGone;
  });
  t.match(still.said.text, /^HTTP\/1.1 408 /);
});

t.test('bodies on many connections do not add up to more than a server has', async (t) => {
  const { app, port } = await serving(t);
  const size = 1024 * 1024;
  const many = await Promise.all(Array.from({ length: 60 }, () => dial(port)));
  for (const { socket } of many) {
    socket.write(head('POST /held', `Content-Length: ${size}`));
    socket.write(Buffer.alloc(size - 1, 0x20));
  }
  const refused = () => many.filter(({ said }) => said.text.startsWith('HTTP/1.1 503 ')).length;
  await until('some to be refused', () => refused() > 0);
  const waiting = many.filter(({ said }) => said.text === '');
  t.ok(waiting.length >= 40, `${waiting.length} go on`);
  for (const { socket } of many) socket.destroy();
  await until('what they held to be let go of', async () => {
    const payload = `{"a":"${'a'.repeat(size - 100)}"}`;
    const headers = { 'content-type': 'application/json' };
    return (await app.inject({ method: 'POST', url: '/held', headers, payload })).statusCode === 200;
  });
});

t.test('bodies of clients that leave while it is looked up who they are hold nothing', async (t) => {
  const { app, port, lookups } = await serving(t);
  // What one request has buffered when it is looked at.
  const size = 60_000;
  const many = 900;
  for (let begun = 0; begun < many; begun += 50) {
    const some = await Promise.all(Array.from({ length: 50 }, () => dial(port)));
    for (const { socket } of some)
      socket.write(`${head('POST /known', `Content-Length: ${size}`)}${' '.repeat(size)}`);
    await until('them to be looked up', () => lookups.asked() === begun + 50);
    for (const { socket } of some) socket.destroy();
    await until('them to be gone', () => lookups.answered() === begun + 50);
  }
  lookups.end();
  const payload = JSON.stringify({ a: 'a'.repeat(size) });
  const headers = { 'content-type': 'application/json' };
  const { statusCode } = await app.inject({ method: 'POST', url: '/known', headers, payload });
  t.equal(statusCode, 200);
});

t.test('a connection has a few unanswered requests, no more', async (t) => {
  const { port, handled, clock } = await serving(t);
  const { socket, said } = await dial(port);
  socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000));
  await until('it to be ended', () => said.isGone);
  t.ok(handled() <= 8, `${handled()} were begun`);
  clock.advance(60_000);
});

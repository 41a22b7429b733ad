import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import t, { type Test } from 'tap';
import { Post } from '../../../../../origin/events/webhooks/post.ts';

const LENIENT = { allowHttp: true, allowPrivate: true };
const never = new AbortController().signal;

/** A receiver on this machine, which notes who asks. */
async function receiver(t: Test, answer: RequestListener) {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook?a=1`, port, asked, connections: () => connections };
}

function posting(t: Test, ...args: ConstructorParameters<typeof Post>) {
  const post = new Post(...args);
  t.teardown(() => post.close());
  return (url: string, signal = never) => post.send(url, '{}', {}, signal);
}

t.test('an answer of 2xx is a delivery, others are not', async (t) => {
  let status = 204;
  const { url, asked } = await receiver(t, (_request, response) => response.writeHead(status).end());
  const send = posting(t, LENIENT);
  t.equal(await send(url), undefined);
  t.strictSame(asked, ['POST /hook?a=1']);
  for (status of [400, 410, 500]) t.equal(await send(url), `it answered ${status}`);
});

t.test('redirects are not followed', async (t) => {
  const target = await receiver(t, (_request, response) => response.end());
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await receiver(t, (_request, response) =>
      response.writeHead(status, { location: target.url }).end(),
    );
    t.equal(await posting(t, LENIENT)(url), `it answered ${status}, and redirects are not followed`);
  }
  t.equal(target.connections(), 0);
});

t.test('a slow receiver is given up, and a long answer is not read', async (t) => {
  const silent = await receiver(t, () => {});
  t.equal(await posting(t, LENIENT, { requestMs: 50 })(silent.url), 'it took longer than 0.05 s');
  const endless = await receiver(t, (_request, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      response.once('drain', more);
    };
    more();
  });
  t.equal(await posting(t, LENIENT, { requestMs: 5000 })(endless.url), undefined);
});

t.test('a request ends with the origin', async (t) => {
  const silent = await receiver(t, () => {});
  const ending = new AbortController();
  const sent = posting(t, LENIENT)(silent.url, ending.signal);
  ending.abort(new Error('the end'));
  await t.rejects(sent, { message: 'the end' });
});

t.test('nothing is sent to an address that is not public, nor in clear', async (t) => {
  const { url, port, connections } = await receiver(t, (_request, response) => response.end());
  const send = posting(t, { allowHttp: true, allowPrivate: false });
  t.match(await send(url), /127\.0\.0\.1 is not public/);
  t.match(await posting(t, { allowHttp: false, allowPrivate: true })(url), /https/);
  t.match(await send(`http://localhost:${port}/`), /is not public \(loopback\)/, 'a name of it');
  t.equal(connections(), 0);
  const known = posting(t, LENIENT);
  t.equal(await known(`http://localhost:${port}/`), undefined, 'the name leads there');
});

t.test('a name is refused when one of its addresses is not public', async (t) => {
  const { port, connections } = await receiver(t, (_request, response) => response.end());
  const found = [
    { address: '127.0.0.1', family: 4 },
    { address: '93.184.215.14', family: 4 },
  ];
  const lookup: LookupFunction = (_name, _options, callback) => callback(null, found);
  const send = posting(t, { allowHttp: true, allowPrivate: false }, { lookup });
  t.match(await send(`http://rebound.example:${port}/`), /127\.0\.0\.1 is not public/);
  const mapped: LookupFunction = (_name, _options, callback) =>
    callback(null, [{ address: '::ffff:127.0.0.1', family: 6 }]);
  const sendMapped = posting(t, { allowHttp: true, allowPrivate: false }, { lookup: mapped });
  t.match(await sendMapped(`http://mapped.example:${port}/`), /is not public/);
  t.equal(connections(), 0);
});

t.test('a receiver that is not there', async (t) => {
  const lookup: LookupFunction = (name, _options, callback) =>
    callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []);
  t.match(await posting(t, LENIENT, { lookup })('http://nobody.example/'), /ENOTFOUND/);
  const { url } = await receiver(t, (request) => request.socket.destroy());
  t.type(await posting(t, LENIENT)(url), 'string');
});

t.test('a question is answered by a short text', async (t) => {
  let text = 'go';
  const { url } = await receiver(t, (_request, response) => response.end(text));
  const asking = (requestMs: number) => {
    const post = new Post(LENIENT, { requestMs });
    t.teardown(() => post.close());
    return (to: string) => post.ask(to, '{}', {}, never);
  };
  const [ask, askInHaste] = [asking(20_000), asking(1000)];
  t.strictSame(await ask(url), { text: 'go' });
  text = 'x'.repeat(17_000);
  t.match(await ask(url), { fault: /^it answered more than 16384 bytes/, isTaken: true });
  const dripping = await receiver(t, (_request, response) => void response.writeHead(200).write('g'));
  t.match(await askInHaste(dripping.url), { isTaken: true }, 'an answer that does not end');
  const { url: wrong } = await receiver(t, (_request, response) => response.writeHead(500).end('go'));
  t.strictSame(await ask(wrong), { fault: 'it answered 500', isTaken: false });
  const strict = new Post({ allowHttp: true, allowPrivate: false });
  t.teardown(() => strict.close());
  t.match(await strict.ask(url, '{}', {}, never), { fault: /is not public/ });
});

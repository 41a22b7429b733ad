import { execFile as execFileBack } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import t from 'tap';
import { writeCertificate } from '../../helpers/certificates.ts';
import { cli } from '../../helpers/cli.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { ask } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { wholeLines } from '../../helpers/whole-lines.ts';
import { accessLog, certs, cluster, edge, fullPort } from './cluster.ts';

const execFile = promisify(execFileBack);
const SITE = 'www';
const HOST = '127.0.0.1';
const folder = await writeTree(join(cluster.folder, SITE), {
  'index.html': '<h1>home</h1>',
  'a.css': 'a {}',
});
await cluster.client.putSite(SITE, {
  domains: ['www.example', '*.wild.example', 'a.b.wild.example', 'other.example', 'plain.example'],
});
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

/** Resolves when TLS is agreed on; which certificate was shown and which protocol chosen can be asked for then. */
async function shakeHands(servername: string, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: HOST, port: fullPort, servername, rejectUnauthorized: false, ...options });
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

async function namesShownTo(servername: string): Promise<string | undefined> {
  const socket = await shakeHands(servername);
  const { subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

/** What openssl agrees on if it offers these suites of TLS 1.3, the first one most willingly. */
async function cipherFor(servername: string, suites: string): Promise<string | undefined> {
  const name = servername === '' ? ['-noservername'] : ['-servername', servername];
  const client = execFile('openssl', [
    ...['s_client', '-connect', `${HOST}:${fullPort}`, ...name, '-ciphersuites', suites],
  ]);
  client.child.stdin?.end();
  const { stdout } = await client;
  return /Cipher is (\S+)/.exec(stdout)?.[1];
}

t.test('AES-128 is preferred, and ChaCha20 for clients that prefer it', async (t) => {
  const AES = 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256';
  const CHACHA = 'TLS_CHACHA20_POLY1305_SHA256';
  for (const name of ['', 'www.example']) {
    t.equal(await cipherFor(name, `${AES}:${CHACHA}`), 'TLS_AES_128_GCM_SHA256');
    t.equal(await cipherFor(name, `${CHACHA}:${AES}`), CHACHA);
    t.equal(await cipherFor(name, 'TLS_AES_256_GCM_SHA384'), 'TLS_AES_256_GCM_SHA384');
  }
});

function askSecurely(host: string, path: string, others: object = {}) {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const options = {
      host: HOST,
      port: fullPort,
      path,
      servername: host,
      headers: { host },
      rejectUnauthorized: false,
      ...others,
    };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** Requests over one HTTP/2 session, all at once. */
async function askHttp2(requests: readonly OutgoingHttpHeaders[]) {
  const session = connectHttp2(`https://${HOST}:${fullPort}`, {
    servername: 'www.example',
    rejectUnauthorized: false,
  });
  const answers = await Promise.all(
    requests.map(async (headers) => {
      const stream = session.request(headers);
      let got: Record<string, unknown> = {};
      stream.on('response', (response) => {
        got = response;
      });
      const body = Buffer.concat(await stream.toArray()).toString();
      return { headers: got, body };
    }),
  );
  session.close();
  return answers;
}

t.test('HTTP/1.1 and HTTP/2, by what the client offers', async (t) => {
  for (const [offered, chosen] of [
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
  ] as const) {
    const socket = await shakeHands('www.example', { ALPNProtocols: offered });
    t.equal(socket.alpnProtocol, chosen);
    socket.destroy();
  }
  t.same(await askSecurely('www.example', '/'), { status: 200, body: '<h1>home</h1>' });
  const authority = 'www.example';
  const answers = await askHttp2([
    { ':path': '/', ':authority': authority },
    { ':path': '/a.css', ':authority': authority, range: 'bytes=0-0' },
    { ':path': '/missing', ':authority': authority },
    { ':path': '/', ':authority': authority, host: 'evil.example' },
    { ':path': '/a.css', ':authority': authority, ':method': 'HEAD' },
  ]);
  t.same(
    answers.map(({ headers, body }) => [headers[':status'], body]),
    [
      [200, '<h1>home</h1>'],
      [206, 'a'],
      [404, 'Not found\n'],
      [400, 'The authority and the Host header name different hosts\n'],
      [200, ''],
    ],
  );
  t.equal(answers[0]?.headers['skerry-revision'], 'www@1');
});

t.test('the access log has the address of a client who closes at once', async (t) => {
  const agent = 'one-shot';
  const asked = { ':path': '/a.css', ':authority': 'www.example', 'user-agent': agent };
  for (const lane of [{}, { range: 'bytes=0-1' }]) await askHttp2([{ ...asked, ...lane }]);
  const lines = await until('both lines', async () => {
    const found = (await wholeLines(accessLog)).filter((line) => line.includes(agent));
    return found.length === 2 && found.map((line) => JSON.parse(line));
  });
  t.strictSame(
    lines.map(({ client }) => client),
    [HOST, HOST],
  );
});

t.test('a stream that the fast lane answers is answered as by the full server', async (t) => {
  const asked = { ':path': '/a.css', ':authority': 'www.example', 'accept-encoding': 'br' };
  const [fast, full] = await askHttp2([asked, { ...asked, 'if-none-match': '"other"' }]);
  t.equal(fast?.body, 'a {}');
  t.equal(fast?.body, full?.body);
  const { date: _, ...headers } = fast?.headers ?? {};
  const { date: __, ...fullHeaders } = full?.headers ?? {};
  t.same(headers, fullHeaders);
});

t.test('a host that the certificate of the connection is not for is answered 421', async (t) => {
  const hosts: [host: string, status: number][] = [
    ['www.example', 200],
    ['a.wild.example', 200],
    ['a.b.wild.example', 421],
    ['other.example', 421],
    ['plain.example', 421],
  ];
  for (const range of [{}, { range: 'bytes=0-3' }]) {
    const status = (expected: number) => (expected === 200 && 'range' in range ? 206 : expected);
    const answers = await askHttp2(
      hosts.map(([host]) => ({ ':path': '/a.css', ':authority': host, ...range })),
    );
    t.same(
      answers.map(({ headers }) => headers[':status']),
      hosts.map(([, expected]) => status(expected)),
    );
    for (const [host, expected] of hosts) {
      const asked = await askSecurely(host, '/a.css', {
        servername: 'www.example',
        headers: { host, ...range },
      });
      t.equal(asked.status, status(expected), host);
    }
  }
  t.equal((await askSecurely('other.example', '/a.css')).status, 200, 'by its own name');
  t.equal(
    (await askSecurely('plain.example', '/a.css')).status,
    200,
    'a host without a certificate, by its name',
  );
});

t.test('the certificate follows the name that the client asks for', async (t) => {
  t.match(await namesShownTo('www.example'), 'DNS:www.example');
  t.match(await namesShownTo('a.wild.example'), 'DNS:www.example');
  t.match(await namesShownTo('OTHER.example'), 'DNS:other.example');
  t.match(await namesShownTo('unknown.example'), 'DNS:www.example');
});

t.test('a session is resumed by whichever process meets the client again', async (t) => {
  const first = await shakeHands('www.example', { maxVersion: 'TLSv1.2' });
  const session = first.getSession();
  first.destroy();
  for (let again = 0; again < 12; again++) {
    const socket = await shakeHands('www.example', { maxVersion: 'TLSv1.2', session });
    t.ok(socket.isSessionReused());
    socket.destroy();
  }
});

t.test('readers of hosts with a certificate are sent to TLS', async (t) => {
  const at = (host: string, path: string, method = 'GET') =>
    ask(edge.url, path, { method, headers: { host } });
  t.match(await at('www.example', '/a.css?b=c'), {
    status: 301,
    headers: { location: `https://www.example:${fullPort}/a.css?b=c` },
  });
  t.match(await at('A.Wild.Example:80', '//evil.example/'), {
    status: 301,
    headers: { location: `https://a.wild.example:${fullPort}//evil.example/` },
  });
  t.match(await at('www.example', '/', 'POST'), { status: 308 });
  t.match(await at('plain.example', '/'), { status: 200 });
  t.match(await at('a.b.wild.example', '/'), { status: 200 }, 'a certificate for * is for one label');
});

t.test('certificates are read again, without a restart, and broken ones change nothing', async (t) => {
  const before = await namesShownTo('www.example');
  await writeFile(join(certs, 'a.key'), 'no key');
  await writeCertificate(join(certs, 'new'), ['new.example']);
  await until('the new certificate', async () => (await namesShownTo('new.example')) === 'DNS:new.example');
  t.equal(await namesShownTo('www.example'), before);
  await writeCertificate(join(certs, 'next'), ['www.example', 'next.example']);
  await rename(join(certs, 'next.key'), join(certs, 'a.key'));
  await rename(join(certs, 'next.crt'), join(certs, 'a.crt'));
  await until('the renewed one', async () => /next/.test((await namesShownTo('www.example')) ?? ''));
  await rm(join(certs, 'new.crt'));
  await until('the fallback', async () => (await namesShownTo('new.example')) !== 'DNS:new.example');
});

t.test('what cannot work is refused at the start', async (t) => {
  const start = (...args: string[]) =>
    cli(['edge', '--data', t.testdir(), '--port', '0', '--admin-port', '0', ...args]);
  t.match(await start('--tls-port', '1'), { code: 1, stderr: /--certs, beside --tls-port, is needed/ });
  t.match(await start('--certs', certs), { code: 1, stderr: /--tls-port, beside --certs, is needed/ });
  const [free = 0] = await freePorts(1);
  const empty = t.testdir();
  t.match(await start('--tls-port', String(free), '--certs', empty), {
    code: 1,
    stderr: /there is no usable certificate in .*NAME\.crt/,
  });
  t.match(await start('--tls-port', String(free), '--certs', '/nonexistent'), {
    code: 1,
    stderr: /cannot read the certificates in \/nonexistent: ENOENT/,
  });
});

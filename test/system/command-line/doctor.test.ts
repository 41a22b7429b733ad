import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Finding } from '../../../bin/doctor/finding.ts';
import { fingerprintOf, generateSigningKey } from '../../../shared/signing/keys.ts';
import { EXPIRED, foreignCertificate, testAuthority } from '../../helpers/certificates.ts';
import { cli } from '../../helpers/cli.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { joinEdgeFolder } from '../../helpers/joined-edge.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { tlsListener } from '../../helpers/tls-listener.ts';

const LOG = 'a'.repeat(32);
const DAY_MS = 24 * 3_600_000;
const origin = await loneOrigin(t);

async function examined(
  url: string,
  token: string,
): Promise<{ code: number | null; fault: Finding | undefined }> {
  const args = ['doctor', '--json', '--origin', url, '--token', token, '--data', 'none'];
  const { code, stdout } = await cli(args);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, fault: findings.find(({ state }) => state === 'fault') };
}

/** A server in front of the origin, or in its place. */
async function serving(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const finds = async (
  t: Test,
  url: string,
  subject: string,
  text: RegExp,
  hint: RegExp,
  token = origin.token,
  begun = examined(url, token),
) => {
  const { code, fault } = await begun;
  t.equal(code, 1);
  t.match(fault, { subject, text, hint });
};

/** Examinations that wait for seconds. They begin here, so that the other tests run meanwhile. */
const slow = await Promise.all([
  proxy(t, ({ url }) => (url?.startsWith('/v1/events') ? 'stream' : undefined)),
  silentHost(t),
]);
const [heldBack, saysNothing] = slow.map((url) => ({ url, begun: examined(url, origin.token) }));
if (heldBack === undefined || saysNothing === undefined) throw new Error('two addresses are two');

t.test('nothing is wrong', async (t) => {
  t.strictSame(await examined(origin.url, origin.token), { code: 0, fault: undefined });
  const { token } = await origin.client.createToken({ scope: 'publish:docs' });
  t.strictSame(await examined(origin.url, token), { code: 0, fault: undefined }, 'with fewer rights');
  const { stdout } = await cli(['doctor', '--origin', origin.url, '--token', origin.token]);
  t.match(stdout, /^ok {5}address .*\nok .*\n(ok .*\n)+nothing is wrong\n$/);
});

t.test('1: a name without an address', (t) =>
  finds(t, 'https://no-such-host.invalid:7400', 'name', /no address/, /resolver/),
);

t.test('2: nobody listens', async (t) => {
  const [port = 0] = await freePorts(1);
  await finds(t, `http://127.0.0.1:${port}`, 'connection', /ECONNREFUSED/, /--host/);
});

t.test('3: a token that would travel in clear', (t) =>
  finds(t, 'http://origin.example:7400', 'address', /unencrypted/, /https/),
);

t.test('4: a certificate of another authority', async (t) => {
  const listener = await tlsListener(await foreignCertificate(t.testdir()));
  t.teardown(() => listener.close());
  await finds(t, listener.url, 'answer', /another CA/, /--ca/);
  t.equal(listener.heard(), '', 'which hears nothing');
});

t.test('5: a certificate that has expired, or a clock that is ahead', async (t) => {
  const authority = await testAuthority(LOG);
  const listener = await tlsListener(await authority.issue(EXPIRED));
  t.teardown(() => listener.close());
  const token = `sk_${'0'.repeat(12)}.${'x'.repeat(32)}.${fingerprintOf(authority.recovery.publicKey)}`;
  await finds(t, listener.url, 'answer', / expired on.*the clock here says/, /clock/, token);
});

t.test('6: the origin of another log', async (t) => {
  const listener = await tlsListener(await (await testAuthority(LOG)).issue());
  t.teardown(() => listener.close());
  await finds(t, listener.url, 'answer', /another log/, /./);
});

t.test('7: TLS where there is none', (t) =>
  finds(t, origin.url.replace('http', 'https'), 'answer', /does not speak TLS/, /./),
);

t.test('8: another server', async (t) => {
  const url = await serving(t, (_request, response) => response.writeHead(404).end('<h1>Not found</h1>'));
  await finds(t, url, 'answer', /404/, /7400/);
});

t.test('9: a clock that is off', async (t) => {
  const url = await serving(t, (_request, response) =>
    response.writeHead(200, { date: new Date(Date.now() - 7_200_000).toUTCString() }).end('{}'),
  );
  await finds(t, url, 'clock', /2 h 0 min ahead/, /NTP/);
});

t.test('10: a token that is unknown', (t) =>
  finds(t, origin.url, 'token', /./, /valid token/, `sk_${'0'.repeat(12)}.${'x'.repeat(32)}`),
);

/** A proxy that passes requests on, but for what `refuses` answers. */
async function proxy(
  t: Test,
  refuses: (request: Parameters<RequestListener>[0]) => 'body' | 'stream' | undefined,
) {
  return serving(t, (request, response) => {
    const refused = refuses(request);
    if (refused === 'body') return void response.writeHead(413, { connection: 'close' }).end('<h1>413</h1>');
    if (refused === 'stream') return;
    const { method, url = '' } = request;
    const headers = {
      ...(request.headers.authorization && { authorization: request.headers.authorization }),
    };
    fetch(`${origin.url}${url}`, { method: method ?? 'GET', headers }).then(
      async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
      () => response.destroy(),
    );
  });
}

t.test('11: a proxy with a small limit of bodies', async (t) => {
  const url = await proxy(t, ({ headers }) =>
    Number(headers['content-length']) > 1_000_000 ? 'body' : undefined,
  );
  await finds(t, url, 'uploads', /100 MB/, /client_max_body_size/);
});

t.test('12: a proxy that holds streams back', (t) =>
  finds(t, heldBack.url, 'stream', /no byte/, /proxy/, origin.token, heldBack.begun),
);

async function silentHost(t: Test): Promise<string> {
  const server = createTcpServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('13: a host that says nothing', (t) =>
  finds(t, saysNothing.url, 'answer', /does not answer/, /./, origin.token, saysNothing.begun),
);

t.test('14: a certificate that expires soon', async (t) => {
  const { url, token } = await withCertificate(t, 13);
  await finds(t, url, 'certificate', /expires on \d{4}-/, /Renew/, token);
  const { code, stdout } = await cli(['status'], { SKERRY_ORIGIN: url, SKERRY_TOKEN: token });
  t.equal(code, 0);
  t.match(stdout, /^origin: the certificate expires on \d{4}-.*Renew it\.$/m);
  const fresh = await withCertificate(t, 15);
  t.strictSame(await examined(fresh.url, fresh.token), { code: 0, fault: undefined });
  const shown = await cli(['status'], { SKERRY_ORIGIN: fresh.url, SKERRY_TOKEN: fresh.token });
  t.notMatch(shown.stdout, 'certificate');
});

/** An origin whose certificate lasts for some days, issued by its own CA so that its tokens lead to it. */
async function withCertificate(t: Test, days: number) {
  const folder = t.testdir();
  const recovery = generateSigningKey();
  const { issue } = await testAuthority(LOG, { recovery });
  const { cert, key } = await issue({ from: Date.now() - DAY_MS, to: Date.now() + days * DAY_MS });
  const [tlsCert, tlsKey] = [join(folder, 'a.crt'), join(folder, 'a.key')];
  await writeFile(tlsCert, cert);
  await writeFile(tlsKey, key);
  const { url, token } = await loneOrigin(t, { tlsCert, tlsKey });
  // The token is the origin's, with the fingerprint that leads to the given certificate.
  return { url, token: token.replace(/[^.]+$/, recovery.fingerprint) };
}

t.test('an edge asks whether it is still a member', async (t) => {
  const data = join(t.testdir(), 'edge');
  await joinEdgeFolder(origin, data, 'oslo');
  const look = () => cli(['doctor', '--json', '--data', data]);
  t.match(JSON.parse((await look()).stdout), { isWell: true });
  await origin.client.changeEdge('oslo', 'revoke');
  const { findings } = JSON.parse((await look()).stdout) as { findings: Finding[] };
  t.match(findings.at(-1), {
    subject: 'membership',
    state: 'fault',
    text: 'the origin has revoked the edge oslo',
  });
});

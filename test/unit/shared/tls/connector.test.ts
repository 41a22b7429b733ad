import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import t, { type Test } from 'tap';
import { memberCertificate } from '../../../../edge/feed/member-certificate.ts';
import { join } from '../../../../edge/follow/upstream/join.ts';
import { Upstream } from '../../../../edge/follow/upstream/upstream.ts';
import { ApiClient } from '../../../../origin/client/api-client.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import type { CertifiedKey } from '../../../../shared/tls/server-certificates.ts';
import type { Trust } from '../../../../shared/tls/trust.ts';
import { apiTokenText } from '../../../../shared/wire/api-token.ts';
import { joinTokenText } from '../../../../shared/wire/join-proof.ts';
import { EXPIRED, foreignCertificate, testAuthority } from '../../../helpers/certificates.ts';
import { tlsListener } from '../../../helpers/tls-listener.ts';

const { signal } = new AbortController();
const own = await testAuthority('a'.repeat(32));
const other = await testAuthority('b'.repeat(32));
const { fingerprint } = own.recovery;
const secret = 'S'.repeat(32);
const token = apiTokenText({ id: '0123456789ab', secret, fingerprint });
const joinToken = joinTokenText({ id: '0123456789ab', secret, fingerprint });
const stranger = generateSigningKey();
const self = { name: 'e', key: generateSigningKey(), log: 'a'.repeat(32) };

async function listener(t: Test, shown: CertifiedKey) {
  const server = await tlsListener(shown);
  t.teardown(server.close);
  return server;
}

function client(t: Test, url: string, options: { ca?: string } = {}) {
  const made = new ApiClient(url, token, signal, options);
  t.teardown(() => made.close());
  return made;
}

function upstream(t: Test, url: string, trust: Trust, isOrigin = false) {
  const made = new Upstream({ url, isOrigin }, systemClock, { trust });
  t.teardown(() => made.close());
  return made;
}

t.test('nothing is sent to a middleman, whoever asks', async (t) => {
  const member = { recovery: fingerprint, memberOf: () => undefined };
  for (const [name, shown, code] of [
    ['another authority', await foreignCertificate(t.testdir()), 'untrusted-certificate'],
    ['expired', await own.issue(EXPIRED), 'certificate-dates'],
    ['another log', await other.issue(), 'other-log'],
    ['a member of another log', await memberCertificate('paris', stranger), 'not-a-member'],
  ] as const) {
    const server = await listener(t, shown);
    const forClient = code === 'not-a-member' ? 'untrusted-certificate' : code;
    await t.rejects(client(t, server.url).status(), { code: forClient }, `${name}: CLI`);
    const parent = upstream(t, server.url, member);
    await t.rejects(parent.records(self, 1, signal).next(), { code }, `${name}: child`);
    const asked = { origin: server.url, token: joinToken, name: 'e', region: 'r', lat: null, lon: null };
    const joining = join(upstream(t, server.url, member, true), asked, self.key, signal);
    await t.rejects(joining, { code }, `${name}: joining edge`);
    t.equal(server.connections(), 3, name);
    t.equal(server.heard(), '', name);
  }
});

t.test('the origin gets the request, with its own authority or with one of --ca', async (t) => {
  const server = await listener(t, await own.issue());
  await t.rejects(client(t, server.url).status(), { code: 'proxy-refused' });
  t.match(server.heard(), `authorization: Bearer ${token}`);
  const foreign = await foreignCertificate(t.testdir());
  const proxy = await listener(t, foreign);
  const named = client(t, proxy.url.replace('127.0.0.1', 'localhost'), { ca: foreign.cert });
  await t.rejects(named.status(), { code: 'proxy-refused' });
  t.match(proxy.heard(), `authorization: Bearer ${token}`);
  await t.rejects(client(t, proxy.url, { ca: foreign.cert }).status(), {
    code: 'untrusted-certificate',
    message: /does not cover this host/,
  });
});

t.test('a parent gets the request if the log names its key', async (t) => {
  const key = generateSigningKey();
  const server = await listener(t, await memberCertificate('paris', key));
  const parent = upstream(t, server.url, {
    memberOf: (shown) => (shown === key.publicKey ? 'paris' : undefined),
  });
  await t.rejects(parent.records(self, 1, signal).next(), { code: 'upstream-protocol' });
  t.match(server.heard(), /^GET \/feed\/v1\/hello /);
});

t.test('a host that does not speak TLS', async (t) => {
  const plain = createServer((_request, response) => response.end());
  const silent = createTcpServer((socket) => void socket.on('error', () => {}).end());
  for (const server of [plain, silent]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
  }
  const urlOf = (server: { address(): unknown }) =>
    `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await t.rejects(client(t, urlOf(plain)).status(), { code: 'not-tls' });
  await t.rejects(upstream(t, urlOf(plain), {}).records(self, 1, signal).next(), { code: 'not-tls' });
  await t.rejects(client(t, urlOf(silent)).status(), { code: 'tls-failed' });
});

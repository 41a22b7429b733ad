import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { testAuthority } from '../../helpers/certificates.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const DAY_MS = 24 * 3_600_000;

/** Asks for the health, and says which certificate the connection has. */
async function healthz(url: string, agent: Agent) {
  const sent = request(`${url.replace('0.0.0.0', '127.0.0.1')}/healthz`, { agent });
  sent.end();
  const [response] = await once(sent, 'response');
  const serial = (response.socket as TLSSocket).getPeerX509Certificate()?.serialNumber;
  return { body: await text(response), serial };
}

const unchecked = (keepAlive: boolean) => new Agent({ rejectUnauthorized: false, keepAlive, maxSockets: 1 });

/** The serial number of the certificate that new connections get, once it is another one. */
function renewed(url: string, before: string | undefined) {
  return until('a new certificate', async () => {
    const agent = unchecked(false);
    const { serial } = await healthz(url, agent);
    agent.destroy();
    return serial !== before && serial;
  });
}

t.test('the own certificate renews by itself, and cuts no connection', async (t) => {
  const { url, clock } = await loneOrigin(t, { host: '0.0.0.0' });
  const agent = unchecked(true);
  t.teardown(() => agent.destroy());
  const first = await healthz(url, agent);
  t.match(first.body, 'ok');
  clock.advance(16 * DAY_MS);
  await renewed(url, first.serial);
  t.same(await healthz(url, agent), first, 'the open connection continues');
});

t.test('a given certificate is read again when its files change', async (t) => {
  const folder = t.testdir();
  const [tlsCert, tlsKey] = [join(folder, 'a.crt'), join(folder, 'a.key')];
  const authority = await testAuthority('a'.repeat(32));
  const write = async () => {
    const { cert, key } = await authority.issue();
    await writeFile(tlsKey, key);
    await writeFile(tlsCert, cert);
  };
  await write();
  const { url } = await loneOrigin(t, { tlsCert, tlsKey });
  t.match(url, /^https:/, 'on loopback, too');
  const agent = unchecked(true);
  t.teardown(() => agent.destroy());
  const first = await healthz(url, agent);
  await write();
  await renewed(url, first.serial);
  t.same(await healthz(url, agent), first, 'the open connection continues');
});

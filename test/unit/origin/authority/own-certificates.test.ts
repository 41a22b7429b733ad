import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { foundAuthority } from '../../../../origin/authority/authority-file.ts';
import { OwnCertificates } from '../../../../origin/authority/own-certificates.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { judge } from '../../../../shared/tls/trust.ts';
import { parsedChain, testAuthority } from '../../../helpers/certificates.ts';

const DAY = 24 * 3_600_000;
const LOG = 'a'.repeat(32);
const recovery = generateSigningKey();
const identity = { log: LOG, recovery: recovery.fingerprint };

async function opened(t: Test, folder = t.testdir()) {
  let now = Date.UTC(2026, 0, 1);
  let names = { dns: ['localhost'], addresses: ['127.0.0.1', '::1'] };
  const clock: Clock = { now: () => now, monotonic: () => 0, sleep: async () => {} };
  await foundAuthority(join(folder, 'authority.json'), LOG, recovery);
  const open = () =>
    OwnCertificates.open({ folder, identity, clock, log: createLogger(), names: () => names });
  return {
    folder,
    open,
    certificates: await open(),
    pass(ms: number) {
      now += ms;
    },
    rename(next: typeof names) {
      names = next;
    },
    judged: (cert: string) =>
      judge({ chain: parsedChain(cert), refusal: 'x' }, { recovery: recovery.fingerprint }, now),
  };
}

t.test('the fingerprint of the recovery key is enough to check them', async (t) => {
  const { certificates, judged } = await opened(t);
  t.same(judged(certificates.shown.cert), { kind: 'origin' });
  const [leaf, authority] = parsedChain(certificates.shown.cert);
  t.equal(leaf?.checkIP('127.0.0.1'), '127.0.0.1');
  t.equal(leaf?.checkHost('localhost'), 'localhost');
  t.equal(authority?.ca, true);
});

t.test('the authority stays what it is, in ca.pem', async (t) => {
  const { folder, open, certificates } = await opened(t);
  const pem = await readFile(join(folder, 'ca.pem'), 'utf8');
  const again = await open();
  t.equal(await readFile(join(folder, 'ca.pem'), 'utf8'), pem, 'a restart keeps it');
  t.equal(parsedChain(again.shown.cert)[1]?.fingerprint256, parsedChain(pem)[0]?.fingerprint256);
  t.not(again.shown.key, certificates.shown.key, 'and makes a new key for the server');
});

t.test('they renew by themselves, and tell the server', async (t) => {
  const { certificates, pass, judged } = await opened(t);
  let told = 0;
  certificates.onChange(() => told++);
  const first = certificates.shown;
  await certificates.look();
  pass(10 * DAY);
  await certificates.look();
  t.equal(certificates.shown, first);
  pass(10 * DAY);
  await certificates.look();
  t.equal(told, 1);
  t.not(certificates.shown.cert, first.cert);
  pass(25 * DAY);
  t.same(judged(certificates.shown.cert), { kind: 'origin' }, 'when the first has long ended');
  t.match(judged(first.cert), { reason: 'expired' });
});

t.test('a new address of the machine is in the next certificate', async (t) => {
  const { certificates, rename } = await opened(t);
  rename({ dns: ['localhost'], addresses: ['10.0.0.5'] });
  await certificates.look();
  t.equal(parsedChain(certificates.shown.cert)[0]?.checkIP('10.0.0.5'), '10.0.0.5');
});

t.test('a client that names another host gets a certificate for it', async (t) => {
  const { certificates } = await opened(t);
  const context = await certificates.contextFor('Origin.Example');
  t.ok(context);
  t.equal(await certificates.contextFor('origin.example'), context, 'one for each name');
  for (const name of ['localhost', 'not a name', '10.0.0.1', '*.example'])
    t.equal(await certificates.contextFor(name), undefined, name);
});

t.test('a log that was founded without an authority', async (t) => {
  const folder = t.testdir();
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
  const names = () => ({ dns: [], addresses: [] });
  await t.rejects(OwnCertificates.open({ folder, identity, clock, log: createLogger(), names }), {
    code: 'no-authority',
  });
});

t.test('damaged data', async (t) => {
  const folder = t.testdir({ 'authority.json': '{' });
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
  const names = () => ({ dns: ['localhost'], addresses: [] });
  const open = () => OwnCertificates.open({ folder, identity, clock, log: createLogger(), names });
  await t.rejects(open(), { code: 'data-folder-damaged' });
  await foundAuthority(join(folder, 'authority.json'), 'b'.repeat(32), recovery);
  await t.rejects(open(), { code: 'data-folder-damaged', message: /belongs to another log/ });
  await foundAuthority(join(folder, 'authority.json'), LOG, generateSigningKey());
  await t.rejects(open(), { code: 'data-folder-damaged', message: /belongs to another log/ });
});

t.test('a ca.pem that is damaged, or of another key, is written again', async (t) => {
  const { folder, open, judged } = await opened(t);
  const file = join(folder, 'ca.pem');
  const good = parsedChain(await readFile(file, 'utf8'))[0]?.publicKey;
  for (const text of ['', (await testAuthority(LOG, { recovery })).pem]) {
    await writeFile(file, text);
    t.same(judged((await open()).shown.cert), { kind: 'origin' });
    const now = parsedChain(await readFile(file, 'utf8'))[0]?.publicKey;
    t.ok(good && now?.equals(good));
  }
});

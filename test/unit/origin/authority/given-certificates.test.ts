import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { GivenCertificates } from '../../../../origin/authority/given-certificates.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { parsedChain, testAuthority } from '../../../helpers/certificates.ts';

const authority = await testAuthority('a'.repeat(32));

async function opened(t: Test) {
  const folder = t.testdir();
  const files = { cert: join(folder, 'a.crt'), key: join(folder, 'a.key') };
  const write = async (pair: { cert?: string; key?: string }) => {
    if (pair.cert !== undefined) await writeFile(files.cert, pair.cert);
    if (pair.key !== undefined) await writeFile(files.key, pair.key);
  };
  await write(await authority.issue());
  const certificates = await GivenCertificates.open({ files, log: createLogger(), clock: systemClock });
  let told = 0;
  certificates.onChange(() => told++);
  return { certificates, write, files, told: () => told };
}

t.test('files that change are read again', async (t) => {
  const { certificates, write, told } = await opened(t);
  await certificates.look();
  t.equal(told(), 0);
  const next = await authority.issue();
  await write(next);
  await certificates.look();
  t.equal(told(), 1);
  t.match(certificates.shown, next);
  const [own] = parsedChain(next.cert);
  t.equal(certificates.expires, own?.validToDate.getTime());
});

t.test('while only one file is new, the old pair stays in use', async (t) => {
  const { certificates, write, told } = await opened(t);
  const before = certificates.shown;
  const next = await authority.issue();
  await write({ cert: next.cert });
  await certificates.look();
  t.same(certificates.shown, before);
  t.equal(told(), 0);
  await write({ key: next.key });
  await certificates.look();
  t.match(certificates.shown, next);
});

t.test('files that cannot be used at the start', async (t) => {
  const { write, files } = await opened(t);
  const open = (more = {}) =>
    GivenCertificates.open({ files: { ...files, ...more }, log: createLogger(), clock: systemClock });
  await t.rejects(open({ key: '/nowhere' }), { code: 'bad-certificate', message: /\/nowhere: ENOENT/ });
  await write({ cert: 'nothing' });
  await t.rejects(open(), { code: 'bad-certificate' });
});

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../shared/clock.ts';
import { writeDurably } from '../shared/files/durable-file.ts';
import { certifyKey } from '../shared/log/certificate.ts';
import { generateSigningKey, type SigningKey, signingKeySeed } from '../shared/signing/keys.ts';
import { AUTHORITY_FILE, foundAuthority } from './authority/authority-file.ts';
import type { Catalog } from './catalog/catalog.ts';
import { RECOVERY_KEY_FILE } from './recovery-key.ts';

/** Creates the log at the first start of an origin. Returns the log's identity, at every start. */
export async function foundLog(
  catalog: Pick<Catalog, 'identity' | 'found'>,
  key: SigningKey,
  folder: string,
) {
  const found = await catalog.identity();
  if (found !== undefined) return found;
  const log = randomBytes(16).toString('hex');
  const recovery = generateSigningKey();
  const recoveryFile = join(folder, RECOVERY_KEY_FILE);
  // These files are written before the key takes effect. If the process is killed in between, the next start writes
  // new ones. The key goes to a file because standard output and error often end in a journal that others read.
  await writeDurably(recoveryFile, `${signingKeySeed(recovery)}\n`);
  await foundAuthority(join(folder, AUTHORITY_FILE), log, recovery);
  process.stderr.write(
    `The recovery key is in ${recoveryFile}. Move it away from this machine: whoever holds it can certify a new signing key.\n`,
  );
  await catalog.found(log, certifyKey(log, 1, key.publicKey, recovery), systemClock.now());
  const identity = await catalog.identity();
  if (identity === undefined) throw new Error('the log was founded but is not there');
  return identity;
}

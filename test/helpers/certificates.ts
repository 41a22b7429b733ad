import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AUTHORITY_FILE, CA_FILE, readAuthority } from '../../origin/authority/authority-file.ts';
import { generateSigningKey, type SigningKey } from '../../shared/signing/keys.ts';
import { authorityUri, certifyAuthority } from '../../shared/tls/authority.ts';
import { issueAuthority, issueServer, type KeyPair } from '../../shared/tls/issue.ts';
import type { CertifiedKey } from '../../shared/tls/server-certificates.ts';

const run = promisify(execFile);

/** Writes a self-signed certificate for these names, as `FILE.crt` and `FILE.key`. */
export async function writeCertificate(file: string, names: readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7'],
    ...['-keyout', `${file}.key`, '-out', `${file}.crt`, '-subj', '/CN=skerry test'],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ]);
}

const DAY_MS = 24 * 3_600_000;

/** An authority like that of an origin, with the recovery key that certifies it. */
export interface TestAuthority {
  readonly recovery: SigningKey;
  readonly pem: string;
  /** A certificate for loopback, with its chain and key. By default it is valid now. */
  issue(validity?: { readonly from: number; readonly to: number }): Promise<CertifiedKey>;
}

export interface TestAuthorityOptions {
  readonly recovery?: SigningKey;
  /** The key that the statement is about, if it is not that of the authority. */
  readonly certified?: KeyObject;
}

export async function testAuthority(
  log: string,
  { recovery = generateSigningKey(), certified }: TestAuthorityOptions = {},
): Promise<TestAuthority> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = (certified ?? pair.publicKey).export({ format: 'der', type: 'spki' });
  const pem = await issueAuthority(log, pair, authorityUri(certifyAuthority(log, key, recovery)));
  return { recovery, pem, issue: issuing({ pem, pair }) };
}

function issuing(authority: { readonly pem: string; readonly pair: KeyPair }): TestAuthority['issue'] {
  return async (validity = { from: Date.now() - DAY_MS, to: Date.now() + DAY_MS }) => {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = { dns: ['localhost'], addresses: ['127.0.0.1'] };
    const cert = await issueServer(authority, own.publicKey, names, validity);
    const key = String(own.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    return { cert: `${cert}\n${authority.pem}`, key };
  };
}

/** Dates of a certificate that ended a day ago. */
export const EXPIRED = { from: Date.now() - 9 * DAY_MS, to: Date.now() - DAY_MS };
/** Dates of a certificate that begins in a day. */
export const NOT_YET_VALID = { from: Date.now() + DAY_MS, to: Date.now() + 9 * DAY_MS };

/** A certificate of an authority that nobody trusts, made by OpenSSL. */
export async function foreignCertificate(folder: string): Promise<CertifiedKey> {
  await writeCertificate(join(folder, 'foreign'), ['localhost']);
  const [cert, key] = await Promise.all(
    ['crt', 'key'].map((ending) => readFile(join(folder, `foreign.${ending}`), 'utf8')),
  );
  return { cert: cert ?? '', key: key ?? '' };
}

/** The parsed certificates of a PEM file, in its order. */
export function parsedChain(pem: string): X509Certificate[] {
  const each = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return each.map((one) => new X509Certificate(one));
}

/** The authority of an origin, from its data folder. */
export async function authorityOf(data: string): Promise<Pick<TestAuthority, 'pem' | 'issue'>> {
  const authority = await readAuthority(join(data, AUTHORITY_FILE));
  if (authority === undefined) throw new Error(`there is no authority in ${data}`);
  const pem = await readFile(join(data, CA_FILE), 'utf8');
  return { pem, issue: issuing({ pem, pair: authority.pair }) };
}

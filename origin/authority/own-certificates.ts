import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';
import { authorityUri, leadsTo } from '../../shared/tls/authority.ts';
import type { CoveredNames, KeyPair } from '../../shared/tls/issue.ts';
import type { CertifiedKey, ServerCertificates } from '../../shared/tls/server-certificates.ts';
import { AUTHORITY_FILE, type Authority, CA_FILE, readAuthority } from './authority-file.ts';
import { isHostName } from './own-names.ts';
import { type Issued, isDue, validityAt } from './renewal-state.ts';

/** The interval at which the names of the machine and the age of the certificate are checked. */
const LOOK_MS = 600_000;
/**
 * Limits for the certificates of other names that clients ask for: about sixty are kept, and a few are issued at a
 * time.
 */
const NAMED = { bytes: 2 * 1024 * 1024, atOnce: 4 };
/** The approximate memory that a certificate takes when it is ready for use. */
const CONTEXT_BYTES = 32 * 1024;

export interface LogIdentity {
  readonly log: string;
  readonly recovery: KeyFingerprint;
}

export interface OwnCertificatesParts {
  /** The data folder. */
  readonly folder: string;
  /** The id of the log, and the fingerprint of its recovery key. */
  readonly identity: LogIdentity;
  readonly log: Logger;
  readonly clock: Clock;
  /** The names by which this machine is reached now. */
  readonly names: () => CoveredNames;
}

/**
 * The certificates that the origin's own CA issues. They are kept only in memory: each start issues new ones, and they
 * are renewed long before they expire. A client that asks for any other host name gets a certificate for that name,
 * because it may check the name by which it reaches the origin.
 */
export class OwnCertificates implements ServerCertificates {
  readonly kind = 'own';
  readonly #authority: { readonly pem: string; readonly pair: KeyPair };
  readonly #pair: KeyPair;
  readonly #parts: OwnCertificatesParts;
  readonly #named = new ByteCache<string, SecureContext>({
    bytes: NAMED.bytes,
    sizeOf: () => CONTEXT_BYTES,
  });
  readonly #listeners: (() => void)[] = [];
  #issuing = 0;
  #issued: Issued;
  #shown: CertifiedKey;

  private constructor(
    authority: { readonly pem: string; readonly pair: KeyPair },
    pair: KeyPair,
    parts: OwnCertificatesParts,
    first: Issued & { readonly shown: CertifiedKey },
  ) {
    this.#authority = authority;
    this.#pair = pair;
    this.#parts = parts;
    this.#issued = first;
    this.#shown = first.shown;
  }

  /** Throws `no-authority` when there is no CA, and `data-folder-damaged` when the CA belongs to another log. */
  static async open(parts: OwnCertificatesParts): Promise<OwnCertificates> {
    const { folder, identity, clock, names } = parts;
    const authority = await readAuthority(join(folder, AUTHORITY_FILE));
    if (authority === undefined)
      throw new SkerryError('no-authority', `there is no ${AUTHORITY_FILE} in ${folder}`);
    if (authority.statement.log !== identity.log || !leadsTo(authority.statement, identity.recovery))
      throw new SkerryError('data-folder-damaged', `${AUTHORITY_FILE} in ${folder} belongs to another log`);
    const pem = await certificateOf(authority, join(folder, CA_FILE));
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer = { pem, pair: authority.pair };
    return new OwnCertificates(signer, pair, parts, await issue(signer, pair, names(), clock.now()));
  }

  get shown(): CertifiedKey {
    return this.#shown;
  }

  get expires(): number {
    return this.#issued.validity.to;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  readonly contextFor = async (host: string): Promise<SecureContext | undefined> => {
    const name = host.toLowerCase();
    if (!isHostName(name) || this.#issued.names.dns.includes(name)) return undefined;
    const known = this.#named.get(name);
    if (known !== undefined || this.#issuing >= NAMED.atOnce) return known;
    this.#issuing++;
    try {
      const names = { dns: [name], addresses: [] };
      const { shown } = await issue(this.#authority, this.#pair, names, this.#parts.clock.now());
      const context = createSecureContext({ ...shown });
      this.#named.set(name, context);
      return context;
    } finally {
      this.#issuing--;
    }
  };

  /** Renews the certificates whenever they are due, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await this.look().catch((err) => log.error({ err }, 'the certificate could not be renewed'));
    }
  }

  /** Renews the certificates if they are due. */
  async look(): Promise<void> {
    const { clock, names, log } = this.#parts;
    const [current, now] = [names(), clock.now()];
    if (!isDue(this.#issued, current, now)) return;
    const { shown, ...issued } = await issue(this.#authority, this.#pair, current, now);
    this.#issued = issued;
    this.#shown = shown;
    this.#named.clear();
    for (const listener of this.#listeners) listener();
    log.info({ until: new Date(issued.validity.to) }, 'the origin has a new certificate');
  }
}

/** The CA certificate. Clients keep copies of it, so it is issued only once. */
async function certificateOf({ pair, statement }: Authority, file: string): Promise<string> {
  const kept = await readIfThere(file);
  if (kept !== undefined && isOf(kept, pair.privateKey)) return kept;
  const { issueAuthority } = await import('../../shared/tls/issue.ts');
  const pem = await issueAuthority(statement.log, pair, authorityUri(statement));
  await writeDurably(file, `${pem}\n`);
  return pem;
}

function isOf(pem: string, key: KeyObject): boolean {
  try {
    return new X509Certificate(pem).checkPrivateKey(key);
  } catch {
    return false;
  }
}

async function issue(
  authority: { readonly pem: string; readonly pair: KeyPair },
  pair: KeyPair,
  names: CoveredNames,
  now: number,
): Promise<Issued & { readonly shown: CertifiedKey }> {
  const validity = validityAt(now);
  // The library that issues certificates takes long to load, and an origin on loopback never needs it.
  const { issueServer } = await import('../../shared/tls/issue.ts');
  const own = await issueServer(authority, pair.publicKey, names, validity);
  const key = pair.privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { names, validity, shown: { cert: `${own}\n${authority.pem}`, key: String(key) } };
}

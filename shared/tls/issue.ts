// This module must be loaded before @peculiar/x509.
import 'reflect-metadata';
import { type KeyObject, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** The names and addresses that a certificate covers. */
export interface CoveredNames {
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
}

export interface Validity {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

cryptoProvider.set(webcrypto as Crypto);

/**
 * The validity of a certificate that does not expire (RFC 5280, 4.1.2.5). Whether it is accepted depends on the signed
 * statement in it, or on the member record of its key.
 */
const ENDLESS: Validity = { from: Date.UTC(2020, 0, 1), to: Date.UTC(9999, 11, 31, 23, 59, 59) };

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const ED25519 = { name: 'Ed25519' };

/** Issues the certificate of an origin's CA. `uri` is the statement that certifies the CA's P-256 key. Returns PEM. */
export async function issueAuthority(log: string, pair: KeyPair, uri: string): Promise<string> {
  const keys = cryptoKeys(pair, P256);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `O=Skerry, CN=Skerry authority of log ${log}`,
    ...{ keys, signingAlgorithm: P256, ...dates(ENDLESS) },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
    ],
  });
  return certificate.toString('pem');
}

/** Issues a certificate for a server with this P-256 key. The CA signs it. Returns PEM. */
export async function issueServer(
  authority: { readonly pem: string; readonly pair: KeyPair },
  publicKey: KeyObject,
  names: CoveredNames,
  validity: Validity,
): Promise<string> {
  const signer = cryptoKeys(authority.pair, P256);
  const certificate = await X509CertificateGenerator.create({
    subject: 'O=Skerry, CN=Skerry origin',
    issuer: new X509Certificate(authority.pem).subject,
    ...{ signingKey: signer.privateKey, signingAlgorithm: P256, ...dates(validity) },
    publicKey: publicKey.toCryptoKey(P256, true, ['verify']),
    extensions: [
      ...serverExtensions(),
      await AuthorityKeyIdentifierExtension.create(signer.publicKey),
      new SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns', value }) as const),
        ...names.addresses.map((value) => ({ type: 'ip', value }) as const),
      ] satisfies JsonGeneralNames),
    ],
  });
  return certificate.toString('pem');
}

/**
 * Issues the self-signed certificate of an edge that other edges follow. The certified key is the edge's member key:
 * the handshake proves that the edge holds the key, and the log says whose key it is and whether it is revoked. Returns
 * PEM.
 */
export async function issueMember(name: string, pair: KeyPair): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `O=Skerry, CN=${name}`,
    ...{ keys: cryptoKeys(pair, ED25519), signingAlgorithm: ED25519, ...dates(ENDLESS) },
    extensions: serverExtensions(),
  });
  return certificate.toString('pem');
}

function serverExtensions() {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  ];
}

function dates({ from, to }: Validity) {
  return { notBefore: new Date(from), notAfter: new Date(to) };
}

function cryptoKeys({ privateKey, publicKey }: KeyPair, algorithm: { readonly name: string }) {
  return {
    privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
    publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
  };
}

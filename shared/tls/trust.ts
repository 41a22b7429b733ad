import type { X509Certificate } from 'node:crypto';
import type { KeyFingerprint, PublicKey } from '../signing/keys.ts';
import { isSigned, leadsTo, statementIn } from './authority.ts';

/**
 * Decides which certificates a client accepts. A certificate that is accepted only because of a CA in `ca`, or of one
 * that Node trusts, must cover the host name.
 */
export interface Trust {
  /** CA certificates as PEM. They replace the CAs that Node trusts by default. */
  readonly ca?: string | undefined;
  /** The fingerprint of the recovery key that certifies the origin's own CA. */
  readonly recovery?: KeyFingerprint | undefined;
  /**
   * Returns the name of the member with this key, or undefined for an unknown key. An edge that is joining knows no
   * members yet, so it returns null; the origin's response to the join then names them. Without this function, no
   * member's certificate is accepted.
   */
  readonly memberOf?: ((key: PublicKey) => string | null | undefined) | undefined;
  /** The only member that is accepted. */
  readonly wanted?: string | undefined;
}

/** The peer of a connection, after its certificate was accepted. */
export type Peer =
  /** A CA has certified the host name. The host may be the origin, a parent, or a proxy in front of one of them. */
  | { readonly kind: 'host' }
  | { readonly kind: 'origin' }
  /** `name` is null while this edge is joining. */
  | { readonly kind: 'member'; readonly name: string | null };

/** The reason why a certificate is not accepted. */
export type CertificateFault =
  | { readonly reason: 'other-authority'; readonly issuer: string; readonly code: string }
  | { readonly reason: 'other-host'; readonly code: string }
  | { readonly reason: 'other-log'; readonly log: string }
  | { readonly reason: 'other-member'; readonly name: string | undefined }
  | { readonly reason: 'expired' | 'not-yet-valid'; readonly date: number };

export interface Shown {
  /** The server's own certificate, followed by the rest of the chain. */
  readonly chain: readonly X509Certificate[];
  /** The code of the fault that Node found. Undefined when Node accepts the certificate for this host. */
  readonly refusal: string | undefined;
}

/** Decides whom a certificate identifies, and whether to accept it. `now` is in milliseconds since 1970. */
export function judge(shown: Shown, trust: Trust, now: number): Peer | CertificateFault {
  const [own, ...issuers] = shown.chain;
  if (shown.refusal === undefined) return { kind: 'host' };
  if (own === undefined) return { reason: 'other-authority', issuer: 'nobody', code: shown.refusal };
  if (trust.memberOf !== undefined && isMemberLike(own)) return memberOf(own, trust);
  const authority = issuers.find((issuer) => statementIn(issuer) !== undefined);
  const statement = authority && statementIn(authority);
  if (authority !== undefined && statement !== undefined && trust.recovery !== undefined) {
    const isIssuer = own.checkIssued(authority) && own.verify(authority.publicKey);
    if (isIssuer && isSigned(statement, authority)) {
      if (!leadsTo(statement, trust.recovery)) return { reason: 'other-log', log: statement.log };
      return outOfDate(own, now) ?? { kind: 'origin' };
    }
  }
  return generalFault(own, shown.refusal, now);
}

export function isFault(judged: Peer | CertificateFault): judged is CertificateFault {
  return 'reason' in judged;
}

/** Whether this is a self-signed certificate with an Ed25519 key, like those that edges make for their feeds. */
function isMemberLike(certificate: X509Certificate): boolean {
  const { publicKey } = certificate;
  return publicKey.asymmetricKeyType === 'ed25519' && certificate.verify(publicKey);
}

function memberOf(certificate: X509Certificate, { memberOf, wanted }: Trust): Peer | CertificateFault {
  const key = certificate.publicKey.export({ format: 'jwk' }).x as PublicKey;
  const name = memberOf?.(key);
  if (name === undefined || (name !== null && wanted !== undefined && name !== wanted))
    return { reason: 'other-member', name };
  return { kind: 'member', name };
}

function outOfDate(certificate: X509Certificate, now: number): CertificateFault | undefined {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  if (now < from) return { reason: 'not-yet-valid', date: from };
  return now > to ? { reason: 'expired', date: to } : undefined;
}

function generalFault(certificate: X509Certificate, code: string, now: number): CertificateFault {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { reason: 'other-host', code };
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const fault = outOfDate(certificate, now);
    if (fault !== undefined) return fault;
  }
  return { reason: 'other-authority', issuer: certificate.issuer.replaceAll('\n', ', '), code };
}

import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { digestOf } from '../content/digest.ts';
import { ByteCache } from '../process/byte-cache.ts';

/** An Ed25519 public key (RFC 8032): its 32 bytes as base64url. */
export type PublicKey = string & { readonly brand: 'public-key' };

/** The first 32 hexadecimal digits of the SHA-256 of the 32 bytes of a public key. */
export type KeyFingerprint = string & { readonly brand: 'key-fingerprint' };

/** An Ed25519 signature as base64url. */
export type Signature = string & { readonly brand: 'signature' };

/**
 * 64 bytes as base64url. The pattern is strict, because Node's decoder would ignore stray characters and the unused bits
 * of the last one.
 */
export const SIGNATURE_PATTERN = '^[A-Za-z0-9_-]{85}[AQgw]$';
/** 32 bytes as base64url, as strict as the pattern of signatures. */
export const PUBLIC_KEY_PATTERN = '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$';

export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly fingerprint: KeyFingerprint;
  readonly privateKey: KeyObject;
}

export function generateSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

export function signingKeyFromPem(pem: string): SigningKey {
  return signingKey(createPrivateKey(pem));
}

export function signingKeyToPem(key: SigningKey): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

/** The 32-byte secret seed as base64url. A person writes down a recovery key in this form. */
export function signingKeySeed(key: SigningKey): string {
  return key.privateKey.export({ format: 'jwk' }).d as string;
}

function signingKey(privateKey: KeyObject): SigningKey {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 private key');
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x as PublicKey;
  return { publicKey, fingerprint: fingerprintOf(publicKey), privateKey };
}

export function fingerprintOf(publicKey: PublicKey): KeyFingerprint {
  return digestOf(Buffer.from(publicKey, 'base64url')).slice(0, 32) as KeyFingerprint;
}

/** The approximate memory of a parsed key. */
const KEY_BYTES = 1024;
/** Parsed keys. Parsing a key takes a sixth of the time of checking a signature with it. */
const read = new ByteCache<PublicKey, KeyObject>({ bytes: 1024 * KEY_BYTES, sizeOf: () => KEY_BYTES });

/** Throws when the text is not 32 bytes of base64url. */
export function publicKeyObject(publicKey: PublicKey): KeyObject {
  const known = read.get(publicKey);
  if (known !== undefined) return known;
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
  read.set(publicKey, key);
  return key;
}

export function signText(key: SigningKey, text: string): Signature {
  return cryptoSign(null, Buffer.from(text), key.privateKey).toString('base64url') as Signature;
}

/** Returns false for a malformed key or signature, and never throws. */
export function verifyText(publicKey: PublicKey, text: string, signature: string): boolean {
  try {
    return cryptoVerify(
      null,
      Buffer.from(text),
      publicKeyObject(publicKey),
      Buffer.from(signature, 'base64url'),
    );
  } catch {
    return false;
  }
}

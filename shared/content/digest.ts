import { createHash, hash } from 'node:crypto';

/** A SHA-256 digest as 64 lowercase hexadecimal digits. It is the name of an object. */
export type Digest = string & { readonly brand: 'digest' };

export const DIGEST_LENGTH = 64;
export const DIGEST_PATTERN = '^[0-9a-f]{64}$';
const digestShape = new RegExp(DIGEST_PATTERN);

export function isDigest(text: string): text is Digest {
  return digestShape.test(text);
}

/** Narrows text that a schema has already checked. Throws on any other text. */
export function toDigest(text: string): Digest {
  if (!isDigest(text)) throw new TypeError(`not a SHA-256 digest: ${text.slice(0, 80)}`);
  return text;
}

export function digestOf(bytes: string | NodeJS.ArrayBufferView): Digest {
  return hash('sha256', bytes, 'hex') as Digest;
}

export function digestBytes(digest: Digest): Buffer {
  return Buffer.from(digest, 'hex');
}

export function digestFromBytes(bytes: Uint8Array): Digest {
  if (bytes.length !== 32) throw new TypeError(`a SHA-256 digest has 32 bytes, not ${bytes.length}`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex') as Digest;
}

export function newHasher(): ReturnType<typeof createHash> {
  return createHash('sha256');
}

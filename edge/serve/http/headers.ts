import { type Digest, digestBytes } from '../../../shared/content/digest.ts';

/** A client or cache asks again each time; with the ETag that costs 304. */
export const REVALIDATE = 'public, max-age=0, must-revalidate';
/** For the one reader who was let in. */
export const PRIVATE = 'private, max-age=0, must-revalidate';
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Types beside text/* whose bytes are text. */
const TEXTUAL =
  /^(text\/.*|application\/(javascript|json|xml|.*\+json|.*\+xml|manifest\+json)|image\/svg\+xml)$/;

/** Strong: from the digest of the bytes that are sent, so that each coding has its own. */
export const etagOf = (digest: Digest) => `"${digest}"`;

export function contentType(type: string): string {
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether `Want-Repr-Digest` has a preference for sha-256 (RFC 9530, 4). */
export function wantsReprDigest(header: string | undefined): boolean {
  return /(^|,)\s*sha-256\s*=\s*([1-9]|10)\s*(,|$)/.test(header ?? '');
}

export function reprDigest(digest: Digest): string {
  return `sha-256=:${digestBytes(digest).toString('base64')}:`;
}

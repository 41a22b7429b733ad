import { type Digest, digestBytes } from '../../../shared/content/digest.ts';

/** Clients and caches must revalidate before each use, and mostly get a 304. */
export const REVALIDATE = 'public, max-age=0, must-revalidate';
/** Only the reader who was allowed to read it may store the response. */
export const PRIVATE = 'private, max-age=0, must-revalidate';
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Types other than `text/*` whose content is text. */
const TEXTUAL =
  /^(text\/.*|application\/(javascript|json|xml|.*\+json|.*\+xml|manifest\+json)|image\/svg\+xml)$/;

/** A strong tag, made from the digest of the bytes that are sent, so each coding has its own tag. */
export const etagOf = (digest: Digest) => `"${digest}"`;

export function contentType(type: string): string {
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether `Want-Repr-Digest` asks for sha-256 (RFC 9530, 4). */
export function wantsReprDigest(header: string | undefined): boolean {
  return /(^|,)\s*sha-256\s*=\s*([1-9]|10)\s*(,|$)/.test(header ?? '');
}

export function reprDigest(digest: Digest): string {
  return `sha-256=:${digestBytes(digest).toString('base64')}:`;
}

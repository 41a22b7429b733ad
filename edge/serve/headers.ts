import { digestBytes } from '../../shared/digest.ts';
import type { Entry } from '../../shared/entry.ts';

/** A client or cache asks again each time; with the ETag that costs 304. */
export const REVALIDATE = 'public, max-age=0, must-revalidate';

/** Types beside text/* whose bytes are text. */
const TEXTUAL =
  /^(text\/.*|application\/(javascript|json|xml|.*\+json|.*\+xml|manifest\+json)|image\/svg\+xml)$/;

export const etagOf = (entry: Entry) => `"${entry.digest}"`;

/** The headers that a 200 or 304 of an entry has in common (RFC 9110, 15.4.5). */
export function entryHeaders(entry: Entry, wantsDigest: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    etag: etagOf(entry),
    'last-modified': new Date(entry.time).toUTCString(),
    'cache-control': REVALIDATE,
  };
  for (const [name, value] of entry.meta) headers[name] = value;
  if (wantsDigest) headers['repr-digest'] = `sha-256=:${digestBytes(entry.digest).toString('base64')}:`;
  return headers;
}

export function contentType(type: string): string {
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether `Want-Repr-Digest` has a preference for sha-256 (RFC 9530, 4). */
export function wantsReprDigest(header: string | undefined): boolean {
  return /(^|,)\s*sha-256\s*=\s*([1-9]|10)\s*(,|$)/.test(header ?? '');
}

import { type PublicKey, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/** The name of the query parameter or cookie that grants a reader access. */
export const ACCESS_TOKEN = 'skerry-token';

/**
 * A public key as site settings hold it: its SubjectPublicKeyInfo (RFC 8410) as base64url. All public keys begin with
 * the same bytes, so a private key is never mistaken for one.
 */
export const ACCESS_KEY_PATTERN = '^MCowBQYDK2VwAyEA[A-Za-z0-9_-]{43}$';
const SPKI_HEAD = 'MCowBQYDK2VwAyEA';

export const accessKey = ({ publicKey }: SigningKey): string => `${SPKI_HEAD}${publicKey}`;

export interface Access {
  /** A published path with a leading slash. A path that ends in a slash stands for everything below it. */
  readonly path: string;
  /** In seconds since 1970. */
  readonly expires: number;
  /** The only address that may use the token, or null for any address. */
  readonly client: string | null;
}

export function signAccess({ path, expires, client }: Access, key: SigningKey): string {
  const signature = signText(key, canonical({ path, expires, client }));
  return [expires, encoded(path), encoded(client ?? ''), signature].join('.');
}

/** The URL with its tokens replaced, so that it is safe to show. */
export function withoutTokens(address: string): string {
  const query = address.indexOf('?');
  if (query === -1) return address;
  const parts = address.slice(query + 1).split('&');
  const shown = parts.map((part) => (isToken(part) ? `${ACCESS_TOKEN}=cut` : part));
  return `${address.slice(0, query)}?${shown.join('&')}`;
}

/** The name of a parameter may be percent-encoded in several ways. */
function isToken(parameter: string): boolean {
  const [name = ''] = parameter.split('=', 1);
  return new URLSearchParams(name).has(ACCESS_TOKEN);
}

export interface AccessCheck {
  /** The keys in the form that site settings use. */
  readonly keys: readonly string[];
  readonly path: string;
  readonly client: string;
  /** In milliseconds since 1970. */
  readonly now: number;
}

/**
 * Whether the token grants this client access to this path now. Returns false for anything malformed, and never throws.
 */
export function admits(token: string | undefined, { keys, path, client, now }: AccessCheck): boolean {
  const [, expires, pathPart = '', clientPart = '', signature = ''] =
    /^([1-9][0-9]{0,11})\.([\w-]*)\.([\w-]*)\.([\w-]{86})$/.exec(token ?? '') ?? [];
  if (expires === undefined || Number(expires) * 1000 <= now) return false;
  const signed = decoded(pathPart);
  const isMeant = path === signed || (signed.endsWith('/') && path.startsWith(signed));
  if (!isMeant) return false;
  const only = clientPart === '' ? null : decoded(clientPart);
  if (only !== null && only !== client.replace(/^::ffff:(?=\d+\.)/i, '')) return false;
  const text = canonical({ path: signed, expires: Number(expires), client: only });
  return keys.some((key) => verifyText(key.slice(SPKI_HEAD.length) as PublicKey, text, signature));
}

const canonical = ({ path, expires, client }: Access) =>
  JSON.stringify(['skerry-access-1', path, expires, client]);
const encoded = (text: string) => Buffer.from(text).toString('base64url');
const decoded = (text: string) => Buffer.from(text, 'base64url').toString('utf8');

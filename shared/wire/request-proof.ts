import { sign, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type InnerList,
  isInnerList,
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
} from 'structured-headers';
import { type Digest, digestBytes, digestOf } from '../content/digest.ts';
import { type PublicKey, publicKeyObject, type SigningKey } from '../signing/keys.ts';

/**
 * An edge proves its identity with a signature on each request (RFC 9421). The signature covers the request, the
 * receiver, and one of the receiver's nonces. A signature is not valid for another request, at another receiver, or at
 * a later time. It does not cover the host and the scheme, because reverse proxies rewrite them. It does not depend on
 * a clock.
 */
const TAG = 'skerry-feed-1';
const LABEL = 'skerry';
/** The components that a signature covers: those that every request has, and header fields if they are present. */
const COVERED = ['@method', '@path', '@query', 'skerry-to', 'content-digest', 'range'];

/** Names the receiver of a request: the origin of the log, or the edge with this name. */
export function receiverText(log: string, edge: string | null): string {
  return edge === null ? `${log} origin` : `${log} edge ${edge}`;
}

export interface ProvenRequest {
  readonly method: string;
  /** The path and the query, exactly as they are sent. */
  readonly target: string;
  /** Made by `receiverText`. */
  readonly to: string;
  readonly nonce: string;
  readonly range?: string | undefined;
  readonly body?: string | undefined;
  /** The digest of a body that is sent as a stream. */
  readonly bodyDigest?: Digest | undefined;
}

/** The header fields that prove that a request comes from this edge. */
export function requestProof(
  edge: { readonly name: string; readonly key: SigningKey },
  { method, target, to, nonce, range, body, bodyDigest }: ProvenRequest,
): Record<string, string> {
  const digest = body === undefined ? bodyDigest : digestOf(body);
  const fields = {
    'skerry-to': to,
    ...(digest !== undefined && { 'content-digest': contentDigest(digest) }),
  };
  const headers: IncomingHttpHeaders = { ...fields, ...(range !== undefined && { range }) };
  const parameters = new Map([
    ['keyid', edge.name],
    ['nonce', nonce],
    ['tag', TAG],
  ]);
  const input: InnerList = [covered(headers).map((name) => [name, new Map()]), parameters];
  const base = signatureBase({ method, target, headers }, input);
  const signature = sign(null, Buffer.from(base), edge.key.privateKey);
  return {
    ...fields,
    'signature-input': serializeDictionary(new Map([[LABEL, input]])),
    signature: serializeDictionary(new Map([[LABEL, [signature, new Map()]]])),
  };
}

interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** The proof that a request carries, before it is checked. */
export interface ClaimedProof {
  readonly name: string;
  readonly nonce: string;
  readonly to: string;
  /** The SHA-256 of the body, if there is a body. */
  readonly bodyDigest: Buffer | undefined;
  readonly base: string;
  readonly signature: Buffer;
}

/** The proof in a request. Undefined when the request does not carry exactly one complete proof of the form above. */
export function claimedProof(request: RequestHead): ClaimedProof | undefined {
  const { headers } = request;
  const to = headers['skerry-to'];
  const input = onlyMember(headers['signature-input']);
  const signature = onlyMember(headers.signature)?.[0];
  if (input === undefined || !isInnerList(input) || typeof to !== 'string') return undefined;
  if (!(signature instanceof ArrayBuffer)) return undefined;
  const [components, parameters] = input;
  if (components.some(([, own]) => own.size > 0) || parameters.get('tag') !== TAG) return undefined;
  const named = components.map(([name]) => String(name));
  // The proof must name each component once, and all components that are present. Otherwise somebody else could have
  // added a field that is not signed.
  if ([...named].sort().join() !== covered(headers).sort().join()) return undefined;
  const digest = headers['content-digest'];
  const bodyDigest = typeof digest === 'string' ? sha256In(digest) : undefined;
  if (bodyDigest === undefined && (digest !== undefined || announcesBody(headers))) return undefined;
  const name = parameters.get('keyid');
  const nonce = parameters.get('nonce');
  if (typeof name !== 'string' || typeof nonce !== 'string') return undefined;
  const base = signatureBase(request, input);
  return { name, nonce, to, bodyDigest, base, signature: Buffer.from(signature) };
}

/** Runs on the event loop, because it takes longer to hand a signature to a thread and back than to check it. */
export function isProvenBy(
  { base, signature }: Pick<ClaimedProof, 'base' | 'signature'>,
  key: PublicKey,
): boolean {
  return verify(null, Buffer.from(base), publicKeyObject(key), signature);
}

/** The `Content-Digest` field of RFC 9530. */
function contentDigest(digest: Digest): string {
  return `sha-256=:${digestBytes(digest).toString('base64')}:`;
}

function sha256In(header: string): Buffer | undefined {
  const [value] = dictionary(header)?.get('sha-256') ?? [];
  return value instanceof ArrayBuffer && value.byteLength === 32 ? Buffer.from(value) : undefined;
}

function covered(headers: IncomingHttpHeaders): string[] {
  return COVERED.filter((name) => name.startsWith('@') || headers[name] !== undefined);
}

function announcesBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** The text that is signed (RFC 9421, section 2.5). */
function signatureBase({ method, target, headers }: RequestHead, input: InnerList): string {
  const at = target.indexOf('?');
  const derived: Readonly<Record<string, string>> = {
    '@method': method,
    '@path': at < 0 ? target : target.slice(0, at),
    '@query': at < 0 ? '?' : target.slice(at),
  };
  const lines = input[0].map(([name]) => {
    const component = String(name);
    return `"${component}": ${derived[component] ?? String(headers[component]).trim()}`;
  });
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n');
}

/** The value under Skerry's label, if the field has no other label. */
function onlyMember(header: string | string[] | undefined) {
  const members = typeof header === 'string' ? dictionary(header) : undefined;
  return members?.size === 1 ? members.get(LABEL) : undefined;
}

function dictionary(header: string) {
  try {
    return parseDictionary(header);
  } catch {
    return undefined;
  }
}

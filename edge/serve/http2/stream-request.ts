import type { ForwardedFields } from '../../../shared/http/forwarded.ts';
import type { IncomingHeaders } from '../answering/sink.ts';
import { type PlainFields, plainFieldsOf } from '../fast-lane/recognise.ts';
import type { Field } from '../hpack/dynamic-table.ts';
import { FieldKind } from './field-kind.ts';

export type HeaderField = Field<FieldKind>;

/** The head of a request as a header block says it. */
export interface StreamRequest {
  readonly method: string;
  /** `*` for CONNECT, which has no path. */
  readonly target: string;
  readonly contentLength: number | undefined;
  /** Whether the client waits for a response before it sends the body. */
  readonly expects: boolean;
  /** Defined if the request is a plain GET. */
  readonly plain: PlainFields | undefined;
  readonly forwarded: ForwardedFields;
  /** The value of the `priority` field. */
  readonly priority: string | undefined;
  /** All fields. The `:path` among them may be that of an earlier request with the same other fields. */
  readonly fields: readonly HeaderField[];
}

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LENGTH = /^\d{1,15}$/;
const NO_PROXY: ForwardedFields = {};
/** Fields of which Node keeps the first one. It joins others. */
const SINGLE: ReadonlySet<string> = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/** Reads the fields of a request. Undefined if the request is malformed (RFC 9113, 8.1.1). */
export function requestOf(fields: readonly HeaderField[]): StreamRequest | undefined {
  const pseudo = pseudoFieldsOf(fields);
  if (pseudo === undefined) return undefined;
  const { method, path, scheme, authority } = pseudo;
  if (method === undefined || !TOKEN.test(method)) return undefined;
  if (method === 'CONNECT') {
    if (path !== undefined || scheme !== undefined || authority === undefined) return undefined;
  } else {
    if (path === undefined || scheme === undefined) return undefined;
    if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS')) return undefined;
  }
  const target = path ?? '*';
  const regular = regularFieldsOf(fields);
  if (regular === undefined) return undefined;
  const { acceptEncoding, referer, agent, forwarded, isPlain, contentLength, expects, priority } = regular;
  const plain =
    isPlain && method === 'GET' && authority !== undefined
      ? plainFieldsOf(authority, acceptEncoding, referer, agent, forwarded)
      : undefined;
  return { method, target, contentLength, expects, plain, forwarded, priority, fields };
}

/** The same request for another path. */
export function withTarget(request: StreamRequest, target: string): StreamRequest {
  const { method, contentLength, expects, plain, forwarded, priority, fields } = request;
  return { method, target, contentLength, expects, plain, forwarded, priority, fields };
}

/** Whether fields may be trailers: they have no pseudo-header (RFC 9113, 8.1). */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ name, kind }) => !name.startsWith(':') && kind !== FieldKind.malformed);
}

interface PseudoFields {
  method?: string;
  path?: string;
  scheme?: string;
  authority?: string;
}

/** Undefined if one comes twice or after a regular field (RFC 9113, 8.3). */
function pseudoFieldsOf(fields: readonly HeaderField[]): PseudoFields | undefined {
  const found: PseudoFields = {};
  let isRegular = false;
  for (const { kind, value } of fields) {
    const name = PSEUDO_NAMES[kind];
    if (name === undefined) {
      isRegular = true;
      continue;
    }
    if (isRegular || found[name] !== undefined) return undefined;
    found[name] = value;
  }
  return found;
}

const PSEUDO_NAMES: { readonly [kind: number]: keyof PseudoFields } = {
  [FieldKind.method]: 'method',
  [FieldKind.path]: 'path',
  [FieldKind.scheme]: 'scheme',
  [FieldKind.authority]: 'authority',
};

interface RegularFields {
  acceptEncoding: string | undefined;
  referer: string | undefined;
  agent: string | undefined;
  forwarded: ForwardedFields;
  contentLength: number | undefined;
  expects: boolean;
  priority: string | undefined;
  isPlain: boolean;
}

/** Undefined if the request is malformed. */
function regularFieldsOf(fields: readonly HeaderField[]): RegularFields | undefined {
  const found: RegularFields = {
    acceptEncoding: undefined,
    referer: undefined,
    agent: undefined,
    forwarded: NO_PROXY,
    contentLength: undefined,
    expects: false,
    priority: undefined,
    isPlain: true,
  };
  for (const { name, value, kind } of fields)
    switch (kind) {
      case FieldKind.malformed:
        return undefined;
      case FieldKind.acceptEncoding:
        if (found.acceptEncoding !== undefined) found.isPlain = false;
        found.acceptEncoding = value;
        break;
      case FieldKind.referer:
        found.referer ??= value;
        break;
      case FieldKind.agent:
        found.agent ??= value;
        break;
      case FieldKind.forwarded:
        found.forwarded = withForwarded(found.forwarded, name, value);
        break;
      case FieldKind.contentLength:
        if (found.contentLength !== undefined || !LENGTH.test(value)) return undefined;
        found.contentLength = Number(value);
        found.isPlain = false;
        break;
      case FieldKind.expect:
        found.expects = true;
        found.isPlain = false;
        break;
      case FieldKind.priority:
        // Several fields are one list, of which the last value counts.
        found.priority = found.priority === undefined ? value : `${found.priority}, ${value}`;
        break;
      case FieldKind.meaningful:
        found.isPlain = false;
    }
  return found;
}

function withForwarded(before: ForwardedFields, name: string, value: string): ForwardedFields {
  const known = (before as Record<string, string | undefined>)[name];
  return { ...before, [name]: known === undefined ? value : `${known}, ${value}` };
}

/** The fields as Node joins those of HTTP/1.1. */
export function headersOf(fields: readonly HeaderField[]): IncomingHeaders {
  const headers: Record<string, string> = Object.create(null);
  for (const { name, value } of fields) {
    if (name.startsWith(':')) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (!SINGLE.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}

/** Alternating names and values. */
export function rawHeadersOf(fields: readonly HeaderField[]): string[] {
  return fields.flatMap(({ name, value }) => [name, value]);
}

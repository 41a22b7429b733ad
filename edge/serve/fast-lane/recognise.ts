import type { ForwardedFields } from '../../../shared/http/forwarded.ts';

/** A request that can only mean "send this whole file". */
export interface PlainGet {
  /** The target as it stands in the request line. */
  readonly target: string;
  readonly fields: PlainFields;
  /** The length of the whole head in bytes. */
  readonly bytes: number;
}

/** The meaning of the header fields of a plain GET. */
export interface PlainFields {
  readonly host: string;
  readonly acceptEncoding: string | undefined;
  readonly referer: string | undefined;
  readonly agent: string | undefined;
  /** What the last proxy says about the reader, if there is a proxy. Only the word of a trusted proxy counts. */
  readonly forwarded: ForwardedFields;
  /** Equal for fields with the same meaning. */
  readonly key: string;
}

const GET = Buffer.from('GET /');
const VERSION = Buffer.from(' HTTP/1.1\r\n');
const LINE_END_BYTES = 2;
const SPACE = 0x20;
const HEAD_END = Buffer.from('\r\n\r\n');
const NOT_FORWARDED: ForwardedFields = {};

/** This is far below the limit of the full server. Only the full server refuses heads that are too large. */
const MOST_TARGET_BYTES = 2048;
const MOST_FIELD_BYTES = 8192;

/**
 * No two parts of this pattern can match the same text, so even a mismatch takes only linear time. The value keeps its
 * surrounding spaces.
 */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)$/;
const HOST = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*(:[0-9]{1,5})?$/;
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[!"$&-.0->@-[\]-~]+)*\/?$/;

/** The fields that have a meaning for the full server or its parser. Both ignore all others. */
const MEANINGFUL =
  /^(content-length|transfer-encoding|trailer|te|expect|upgrade|http2-settings|proxy-connection|range|if-.*|want-.*|authorization)$/;

/**
 * Recognises plain GETs on one connection. A client usually sends the same header fields with each request, so fields
 * are parsed only if they differ from those of the previous request.
 */
export class Recogniser {
  #last: { readonly bytes: Buffer; readonly fields: PlainFields } | undefined;

  /** The plain GET that begins at `at`. Undefined for any other request, and for an incomplete head. */
  next(chunk: Buffer, at: number): PlainGet | undefined {
    if (!holdsShort(chunk, at, GET)) return undefined;
    const targetStart = at + GET.length - 1;
    const targetEnd = endOfTarget(chunk, targetStart);
    if (!holdsShort(chunk, targetEnd, VERSION)) return undefined;
    const fieldsStart = targetEnd + VERSION.length;
    const known = this.#last;
    if (known !== undefined && holds(chunk, fieldsStart, known.bytes)) {
      const target = chunk.toString('latin1', targetStart, targetEnd);
      return { target, fields: known.fields, bytes: fieldsStart + known.bytes.length - at };
    }
    // The search begins at the end of the request line, because there may be no fields.
    const end = chunk.indexOf(HEAD_END, fieldsStart - LINE_END_BYTES, 'latin1') + HEAD_END.length;
    if (end < fieldsStart || end - fieldsStart > MOST_FIELD_BYTES) return undefined;
    const fields = plainFields(chunk.toString('latin1', fieldsStart, end - HEAD_END.length));
    if (fields === undefined) return undefined;
    // The bytes are copied, because a slice would keep the whole chunk in memory.
    this.#last = { bytes: Buffer.from(chunk.subarray(fieldsStart, end)), fields };
    return { target: chunk.toString('latin1', targetStart, targetEnd), fields, bytes: end - at };
  }
}

/** Whether a target is a path that can be used as it is, without escapes, a query or dot segments. */
export const isPlainPath = (target: string) => PLAIN_PATH.test(target);

/** Parses a field section, without its final empty line. Returns undefined if the request may not be a plain GET. */
export function plainFields(text: string): PlainFields | undefined {
  let host: string | undefined;
  let acceptEncoding: string | undefined;
  let referer: string | undefined;
  let agent: string | undefined;
  let forwarded = NOT_FORWARDED;
  for (const line of text.split('\r\n')) {
    const [, name = '', spaced = ''] = FIELD.exec(line) ?? [];
    const value = spaced.trim();
    const lower = name.toLowerCase();
    switch (lower) {
      case '':
        return undefined;
      case 'host':
        if (host !== undefined || !HOST.test(value)) return undefined;
        host = value;
        break;
      case 'accept-encoding':
        if (acceptEncoding !== undefined) return undefined;
        acceptEncoding = value;
        break;
      case 'referer':
        referer ??= value;
        break;
      case 'user-agent':
        agent ??= value;
        break;
      case 'forwarded':
      case 'x-forwarded-for':
      case 'x-forwarded-proto':
        forwarded = withField(forwarded, lower, value);
        break;
      case 'connection':
        if (value.toLowerCase() !== 'keep-alive') return undefined;
        break;
      default:
        if (MEANINGFUL.test(lower)) return undefined;
    }
  }
  return host === undefined ? undefined : fieldsOf(host, acceptEncoding, referer, agent, forwarded);
}

/** The fields of a plain GET of HTTP/2. Undefined if they do not name one host in the usual form. */
export function plainFieldsOf(
  host: string,
  acceptEncoding: string | undefined,
  referer: string | undefined,
  agent: string | undefined,
  forwarded: ForwardedFields,
): PlainFields | undefined {
  return HOST.test(host) ? fieldsOf(host, acceptEncoding, referer, agent, forwarded) : undefined;
}

function fieldsOf(
  host: string,
  acceptEncoding: string | undefined,
  referer: string | undefined,
  agent: string | undefined,
  forwarded: ForwardedFields,
): PlainFields {
  return { host, acceptEncoding, referer, agent, forwarded, key: `${host} ${acceptEncoding ?? ''}` };
}

/** Adds a field. A field may be sent in several lines (RFC 9110, 5.3). */
function withField(fields: ForwardedFields, name: keyof ForwardedFields, value: string): ForwardedFields {
  const before = fields[name];
  return { ...fields, [name]: before === undefined ? value : `${before}, ${value}` };
}

/**
 * The position of the first byte that cannot be part of a target. Searches only as far as the longest target reaches.
 */
function endOfTarget(chunk: Buffer, start: number): number {
  const most = Math.min(chunk.length, start + MOST_TARGET_BYTES);
  let at = start;
  while (at < most && (chunk[at] ?? 0) > SPACE) at++;
  return at;
}

function holds(chunk: Buffer, at: number, bytes: Buffer): boolean {
  const end = at + bytes.length;
  return end <= chunk.length && chunk.compare(bytes, 0, bytes.length, at, end) === 0;
}

/** Compares a few bytes. A call of `Buffer.compare` would cost more. */
function holdsShort(chunk: Buffer, at: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (chunk[at + i] !== bytes[i]) return false;
  return true;
}

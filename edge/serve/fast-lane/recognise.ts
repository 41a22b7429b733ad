import type { IncomingHttpHeaders } from 'node:http2';

/** A request that cannot mean anything but: this file, all of it. */
export interface PlainGet {
  /** As it stands in the request line. */
  readonly target: string;
  readonly fields: PlainFields;
  /** Of the whole head. */
  readonly bytes: number;
}

/** What the header fields of a plain GET say. */
export interface PlainFields {
  readonly host: string;
  readonly acceptEncoding: string | undefined;
  readonly referer: string | undefined;
  readonly agent: string | undefined;
  /** Equal for fields that say the same. */
  readonly key: string;
}

const GET = Buffer.from('GET /');
const VERSION = Buffer.from(' HTTP/1.1\r\n');
const LINE_END_BYTES = 2;
const SPACE = 0x20;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Far below what the full server takes, so that it alone judges what is too large. */
const MOST_TARGET_BYTES = 2048;
const MOST_FIELD_BYTES = 8192;

/** Without parts that match the same: what takes long to refuse is an attack. The value has spaces around it. */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)$/;
const HOST = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*(:[0-9]{1,5})?$/;
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[!"$&-.0->@-[\]-~]+)*\/?$/;

/** Fields that the full server, its parser included, gives a meaning. All others it ignores. */
const MEANINGFUL =
  /^(content-length|transfer-encoding|trailer|te|expect|upgrade|http2-settings|proxy-connection|range|if-.*|want-.*|authorization)$/;

/**
 * Recognises plain GETs on one connection. A client sends the same header fields with each of its requests: they are
 * compared with those of the one before, and parsed when they differ alone.
 */
export class Recogniser {
  #last: { readonly bytes: Buffer; readonly fields: PlainFields } | undefined;

  /** The plain GET that begins at `at`; undefined for any other request, and for a head that is not all there. */
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
    // From the end of the request line: there may be no field at all.
    const end = chunk.indexOf(HEAD_END, fieldsStart - LINE_END_BYTES, 'latin1') + HEAD_END.length;
    if (end < fieldsStart || end - fieldsStart > MOST_FIELD_BYTES) return undefined;
    const fields = plainFields(chunk.toString('latin1', fieldsStart, end - HEAD_END.length));
    if (fields === undefined) return undefined;
    // A copy: the chunk is as large as what was read at once.
    this.#last = { bytes: Buffer.from(chunk.subarray(fieldsStart, end)), fields };
    return { target: chunk.toString('latin1', targetStart, targetEnd), fields, bytes: end - at };
  }
}

/** Whether a target is a path that stands for itself: nothing to decode, no query, no dot segments. */
export const isPlainPath = (target: string) => PLAIN_PATH.test(target);

/** `text` is a field section without the empty line at its end. Undefined when a field may have a meaning. */
export function plainFields(text: string): PlainFields | undefined {
  let host: string | undefined;
  let acceptEncoding: string | undefined;
  let referer: string | undefined;
  let agent: string | undefined;
  for (const line of text.split('\r\n')) {
    const [, name = '', spaced = ''] = FIELD.exec(line) ?? [];
    const value = spaced.trim();
    switch (name.toLowerCase()) {
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
      case 'connection':
        if (value.toLowerCase() !== 'keep-alive') return undefined;
        break;
      default:
        if (MEANINGFUL.test(name.toLowerCase())) return undefined;
    }
  }
  return host === undefined ? undefined : fieldsOf(host, acceptEncoding, referer, agent);
}

/** The plain GET that a stream of HTTP/2 asks for; its `bytes` are 0. */
export function plainStream(headers: IncomingHttpHeaders): PlainGet | undefined {
  const {
    ':method': method,
    ':path': target,
    ':authority': host,
    'accept-encoding': acceptEncoding,
  } = headers;
  if (method !== 'GET' || target === undefined || host === undefined || !HOST.test(host)) return undefined;
  for (const name in headers)
    if (name === 'host' || name === 'connection' || MEANINGFUL.test(name)) return undefined;
  if (Array.isArray(acceptEncoding)) return undefined;
  return { target, fields: fieldsOf(host, acceptEncoding, headers.referer, headers['user-agent']), bytes: 0 };
}

function fieldsOf(
  host: string,
  acceptEncoding: string | undefined,
  referer: string | undefined,
  agent: string | undefined,
): PlainFields {
  return { host, acceptEncoding, referer, agent, key: `${host} ${acceptEncoding ?? ''}` };
}

/** Where the first byte is that is in no target, within the length that a target may have. */
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

/** For a few bytes: calling what compares many costs more than comparing them. */
function holdsShort(chunk: Buffer, at: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (chunk[at + i] !== bytes[i]) return false;
  return true;
}

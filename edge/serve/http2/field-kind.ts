import { staticFields } from '../hpack/dynamic-table.ts';

/** What a header field is to this server. */
export const FieldKind = {
  /** It has no meaning here. */
  ignored: 0,
  method: 1,
  path: 2,
  scheme: 3,
  authority: 4,
  acceptEncoding: 5,
  referer: 6,
  agent: 7,
  /** It says on whose behalf a proxy asks. */
  forwarded: 8,
  contentLength: 9,
  expect: 10,
  /** It has a meaning, and a plain GET does not have it. */
  meaningful: 11,
  /** The request is malformed. */
  malformed: 12,
  priority: 13,
} as const;

export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

const KINDS: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  [':method', FieldKind.method],
  [':path', FieldKind.path],
  [':scheme', FieldKind.scheme],
  [':authority', FieldKind.authority],
  ['accept-encoding', FieldKind.acceptEncoding],
  ['referer', FieldKind.referer],
  ['user-agent', FieldKind.agent],
  ['forwarded', FieldKind.forwarded],
  ['x-forwarded-for', FieldKind.forwarded],
  ['x-forwarded-proto', FieldKind.forwarded],
  ['content-length', FieldKind.contentLength],
  ['expect', FieldKind.expect],
  ['priority', FieldKind.priority],
  ['host', FieldKind.meaningful],
  ['range', FieldKind.meaningful],
  ['authorization', FieldKind.meaningful],
  ['trailer', FieldKind.meaningful],
  ['http2-settings', FieldKind.meaningful],
  // Fields of a connection (RFC 9113, 8.2.2).
  ['connection', FieldKind.malformed],
  ['proxy-connection', FieldKind.malformed],
  ['keep-alive', FieldKind.malformed],
  ['transfer-encoding', FieldKind.malformed],
  ['upgrade', FieldKind.malformed],
]);

const MEANINGFUL_PREFIXES = /^(if-|want-)/;
/** Field names are tokens in lower case (RFC 9113, 8.2.1). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Values have no line ends and no spaces around them (RFC 9113, 8.2.1). */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
/** The characters that a target may have in HTTP/1.1, where spaces and control characters separate its parts. */
const BAD_TARGET = /[\0-\x20\x7f]/;

export function fieldKind(name: string, value: string): FieldKind {
  if (BAD_VALUE.test(value)) return FieldKind.malformed;
  const kind = KINDS.get(name);
  if (kind !== undefined) {
    if (kind === FieldKind.path && (value === '' || BAD_TARGET.test(value))) return FieldKind.malformed;
    return kind;
  }
  if (name === 'te') return value === 'trailers' ? FieldKind.meaningful : FieldKind.malformed;
  if (!NAME.test(name)) return FieldKind.malformed;
  return MEANINGFUL_PREFIXES.test(name) ? FieldKind.meaningful : FieldKind.ignored;
}

export const STATIC_FIELDS = staticFields(fieldKind);

import { parseHttpDate } from './http-date.ts';

/** The validators of a response, against which conditions are evaluated. */
export interface Validators {
  /** The strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export interface ConditionalHeaders {
  readonly 'if-match'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
}

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110, 13.2.2. The response to `failed` is 412, and
 * to `not-modified` 304. Invalid dates are ignored.
 */
export function judgePreconditions(
  headers: ConditionalHeaders,
  validators: Validators,
): 'met' | 'not-modified' | 'failed' {
  const modified = wholeSeconds(validators.modified);
  const match = headers['if-match'];
  if (match !== undefined) {
    if (!names(match, validators.etag, 'strong')) return 'failed';
  } else {
    const unmodifiedSince = dateOf(headers['if-unmodified-since']);
    if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'failed';
  }
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return names(noneMatch, validators.etag, 'weak') ? 'not-modified' : 'met';
  const modifiedSince = dateOf(headers['if-modified-since']);
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not-modified' : 'met';
}

/** Whether `If-Range` matches the current validators, by strong comparison or by the exact date (RFC 9110, 13.1.5). */
export function rangeApplies(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === validators.etag;
  return parseHttpDate(ifRange) === wholeSeconds(validators.modified);
}

/** Whether a list of entity tags names this strong tag (RFC 9110, 8.8.3.2). `*` names any. */
function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  return list.trim() === '*' || namesTag(list, etag, comparison);
}

export function namesTag(list: string, etag: string, comparison: 'strong' | 'weak' = 'weak'): boolean {
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g))
    if (tag === etag && (weak === undefined || comparison === 'weak')) return true;
  return false;
}

function dateOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : parseHttpDate(header);
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

import { parseHttpDate } from './http-date.ts';

/** What a response would carry, and conditions are judged by. */
export interface Validators {
  /** With its quotes; strong. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Whether a GET or HEAD is answered 304 (RFC 9110, 13.1.2 and 13.1.3, in the precedence of 13.2.2). */
export function isNotModified(
  headers: {
    readonly 'if-none-match'?: string | undefined;
    readonly 'if-modified-since'?: string | undefined;
  },
  validators: Validators,
): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return matchesAny(tags, validators.etag);
  const since = headers['if-modified-since'];
  if (since === undefined) return false;
  const time = parseHttpDate(since);
  return time !== undefined && wholeSeconds(validators.modified) <= time;
}

/** Whether a range still belongs to what is served (RFC 9110, 13.1.5): strong comparison, exact date. */
export function rangeApplies(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === validators.etag;
  return parseHttpDate(ifRange) === wholeSeconds(validators.modified);
}

/** Weak comparison (RFC 9110, 8.8.3.2). */
function matchesAny(list: string, etag: string): boolean {
  if (list.trim() === '*') return true;
  for (const [, tag] of list.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g))
    if (tag === etag) return true;
  return false;
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

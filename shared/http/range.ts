import { type ByteSpan, spanLength } from '../store/byte-span.ts';

/** The part of a representation that a `Range` selects (RFC 9110, 14). */
export type RangeDecision =
  /**
   * The whole representation, because there is no range, or the range has another unit, is malformed, or selects more
   * bytes than there are. This is also the decision for the beginning or the end of an empty file, since some clients
   * always send a range.
   */
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteSpan }
  /** Two or more ranges, in the order of the request. */
  | { readonly kind: 'parts'; readonly ranges: readonly ByteSpan[] }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RangeDecision = { kind: 'whole' };
const UNSATISFIABLE: RangeDecision = { kind: 'unsatisfiable' };
/**
 * Each part needs its own header, so requests for thousands of single bytes are an attack (RFC 9110, 14.2 and 17.15).
 */
const MOST_PARTS = 64;

export function decideRange(header: string | undefined, size: number): RangeDecision {
  const [, list] = /^bytes=(.*)$/is.exec(header ?? '') ?? [];
  if (list === undefined) return WHOLE;
  const members = list.split(',', MOST_PARTS + 1).filter((member) => member.trim() !== '');
  if (members.length === 0 || members.length > MOST_PARTS) return WHOLE;
  const ranges: ByteSpan[] = [];
  for (const member of members) {
    const range = byteRange(member.trim(), size);
    if (range === 'malformed') return WHOLE;
    if (range === 'nothing') return WHOLE;
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  const [first] = ranges;
  if (first === undefined) return UNSATISFIABLE;
  if (ranges.length === 1) return { kind: 'part', range: first };
  const asked = ranges.reduce((sum, range) => sum + spanLength(range), 0);
  // Ranges that add up to more than the file must overlap, so the same bytes would be sent again and again.
  return asked > size ? WHOLE : { kind: 'parts', ranges };
}

function byteRange(member: string, size: number): ByteSpan | 'malformed' | 'nothing' | 'unsatisfiable' {
  const [, first, last] = /^([0-9]*)-([0-9]*)$/.exec(member) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'malformed';
  if (size === 0 && Number(first) === 0) return 'nothing';
  if (first === '') {
    const length = Number(last);
    if (length === 0) return 'unsatisfiable';
    return { start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'malformed';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

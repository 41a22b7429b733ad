import type { ContentCoding } from '../../variants/variant.ts';

/** A longer header asks for nothing that is here: each of its members would cost its look. */
const LONGEST = 1024;

/**
 * The best of the codings at hand for an `Accept-Encoding` (RFC 9110, 12.5.3), undefined for none: `available` is
 * in the server's order of preference, which decides between equal weights. A coding must be named, or meant by
 * `*`; one that is wanted less than the plain bytes is not taken. Members that are malformed count for nothing.
 */
export function chooseCoding(
  header: string | undefined,
  available: readonly ContentCoding[],
): ContentCoding | undefined {
  if (header === undefined || header.length > LONGEST || available.length === 0) return undefined;
  const weights = new Map<string, number>();
  for (const member of header.split(',')) {
    const [, coding, weight] =
      /^\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(member) ??
      [];
    if (coding === undefined) continue;
    const name = coding.toLowerCase() === 'x-gzip' ? 'gzip' : coding.toLowerCase();
    if (!weights.has(name)) weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const others = weights.get('*') ?? 0;
  const plain = weights.get('identity') ?? 0;
  let best: { coding: ContentCoding; weight: number } | undefined;
  for (const coding of available) {
    const weight = weights.get(coding) ?? others;
    if (weight > 0 && weight >= plain && weight > (best?.weight ?? 0)) best = { coding, weight };
  }
  return best?.coding;
}

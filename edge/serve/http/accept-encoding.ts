import type { ContentCoding } from '../../variants/variant.ts';

/** A longer header is ignored, because each of its codings costs time. */
const LONGEST = 1024;

/**
 * The best available coding for an `Accept-Encoding` (RFC 9110, 12.5.3), or undefined for the plain bytes. `available`
 * is in the server's order of preference, which decides between equal weights. Only a coding that the header names or
 * that `*` covers can be chosen, and only if its weight is not lower than that of the plain bytes. Malformed members of
 * the header are ignored.
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

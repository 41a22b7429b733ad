import { ByteCache } from '../../process/byte-cache.ts';
import { type PathPattern, pathPattern } from './path-pattern.ts';

const REMEMBERED_BYTES = 512 * 1024;
const patterns = new ByteCache<string, PathPattern>({ bytes: REMEMBERED_BYTES, sizeOf: () => 256 });

/** A pattern of a site's settings. Undefined when the pattern is invalid; the origin refuses such patterns. */
export function compiledPattern(text: string): PathPattern | undefined {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  const pattern = pathPattern(text);
  if ('fault' in pattern) return undefined;
  patterns.set(text, pattern);
  return pattern;
}

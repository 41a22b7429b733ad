import { isFingerprinted } from '../../shared/asset-name.ts';
import { ByteCache } from '../../shared/byte-cache.ts';
import { purgeMatch } from '../../shared/purge.ts';
import { type PathPattern, pathPattern } from '../../shared/site-rules/path-pattern.ts';
import type { FormerAssets } from '../activate/messages.ts';

const CACHED_PATTERNS = 1000;
const patterns = new ByteCache<string, PathPattern>({ bytes: CACHED_PATTERNS * 200, sizeOf: () => 1 });

/**
 * The revisions that may answer for a path that the active one has no more: pages that readers loaded before a
 * publish still ask for the assets of their time. `text` is the decoded path with its first slash, `now` in
 * milliseconds since 1970, `tags` those that the site gives the path.
 */
export function revisionsFor(
  text: string,
  { revisions, paths, purges }: FormerAssets,
  now: number,
  tags: () => ReadonlySet<string>,
): number[] {
  if (revisions.length === 0 || !isAsset(text, paths)) return [];
  const purged = purges
    .filter(({ target }) => purgeMatch(target)(text.slice(1), tags))
    .reduce((newest, { revision }) => Math.max(newest, revision), 0);
  return revisions
    .filter(({ revision, until }) => until > now && revision > purged)
    .map(({ revision }) => revision);
}

function isAsset(text: string, paths: FormerAssets['paths']): boolean {
  if (paths === null) return isFingerprinted(text);
  return paths.some((path) => compiled(path)?.match(text) !== undefined);
}

/** Undefined for a pattern that the origin would refuse. */
function compiled(path: string): PathPattern | undefined {
  const known = patterns.get(path);
  if (known !== undefined) return known;
  const pattern = pathPattern(path);
  if ('fault' in pattern) return undefined;
  patterns.set(path, pattern);
  return pattern;
}

import { type Static, Type } from 'typebox';
import { pathPattern } from './rules/path-pattern.ts';

/** The maximum number of targets of one purge. Every edge matches each pattern against each path of the site. */
export const MOST_PURGED = { paths: 1000, globs: 100, tags: 1000 } as const;

/** The target of a purge within its site: everything, or all paths that one of the paths, patterns or tags names. */
export const purgeTargetSchema = Type.Object({
  all: Type.Boolean(),
  /** Published paths. */
  paths: Type.Array(Type.String(), { maxItems: MOST_PURGED.paths }),
  /** Patterns as in `_headers`. */
  globs: Type.Array(Type.String(), { maxItems: MOST_PURGED.globs }),
  /** Tags of `Cache-Tag` or `Surrogate-Key`. */
  tags: Type.Array(Type.String(), { maxItems: MOST_PURGED.tags }),
});
export type PurgeTarget = Static<typeof purgeTargetSchema>;

export const EVERYTHING: PurgeTarget = { all: true, paths: [], globs: [], tags: [] };

/** One target that covers everything that any of the targets names. */
export function unitedTarget(targets: readonly PurgeTarget[]): PurgeTarget {
  if (targets.some(({ all }) => all)) return EVERYTHING;
  const every = (part: 'paths' | 'globs' | 'tags') => [...new Set(targets.flatMap((target) => target[part]))];
  return { all: false, paths: every('paths'), globs: every('globs'), tags: every('tags') };
}

/** Half of the largest record, so that the field names and one more path always fit. */
const PATH_BYTES = 32 * 1024;

/** Splits the paths into targets that each fit into a record. */
export function purgesOfPaths(paths: readonly string[]): PurgeTarget[] {
  const purges: string[][] = [];
  let last: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (purges.length === 0 || bytes >= PATH_BYTES || last.length === MOST_PURGED.paths) {
      last = [];
      bytes = 0;
      purges.push(last);
    }
    last.push(path);
    bytes += Buffer.byteLength(JSON.stringify(path)) + 1;
  }
  return purges.map((named) => ({ ...EVERYTHING, all: false, paths: named }));
}

/**
 * Splits a user's arguments into paths and patterns. An argument with a `*` is a pattern. The leading slash may be
 * missing.
 */
export function namedPaths(
  given: readonly string[],
): { paths: string[]; globs: string[] } | { fault: string } {
  const named = given.map((path) => path.replace(/^\//, ''));
  const globs = named.filter((path) => path.includes('*')).map((path) => `/${path}`);
  for (const glob of globs) {
    const pattern = pathPattern(glob);
    if ('fault' in pattern) return pattern;
  }
  return { paths: named.filter((path) => !path.includes('*')), globs };
}

/** Whether a purge covers a published path. `tags` is called only when tags matter. */
export type PurgeMatch = (path: string, tags: () => ReadonlySet<string>) => boolean;

export function purgeMatch({ all, paths, globs, tags }: PurgeTarget): PurgeMatch {
  if (all) return () => true;
  const named = new Set(paths);
  const patterns = globs.flatMap((glob) => {
    const pattern = pathPattern(glob);
    return 'fault' in pattern ? [] : [pattern];
  });
  return (path, tagsOfPath) =>
    named.has(path) ||
    patterns.some((pattern) => pattern.match(`/${path}`) !== undefined) ||
    (tags.length > 0 && intersects(tags, tagsOfPath()));
}

/** Response headers that name the tags of a path. */
export const TAG_HEADERS = ['cache-tag', 'surrogate-key'] as const;

/** The tags in response headers. The names in the map are in lower case. */
export function tagsIn(headers: ReadonlyMap<string, string>): ReadonlySet<string> {
  const texts = TAG_HEADERS.map((name) => headers.get(name) ?? '');
  return new Set(texts.flatMap((text) => text.split(/[\s,]+/)).filter((tag) => tag !== ''));
}

function intersects(tags: readonly string[], others: ReadonlySet<string>): boolean {
  return tags.some((tag) => others.has(tag));
}

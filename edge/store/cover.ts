import { compiledPattern } from '../../shared/site/rules/compiled-pattern.ts';
import { isRuleFile } from '../../shared/site/rules/rule-lines.ts';
import type { SitePolicy } from '../../shared/site/site-policy.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';

/** Which objects of a site an edge always holds, in addition to the whole manifest. */
export interface Cover {
  /** The path prefixes that it serves. Null for all paths. */
  readonly prefixes: readonly string[] | null;
  /** For a lazy edge, the patterns of the paths whose objects it always holds. Null means all objects. */
  readonly pinned: readonly string[] | null;
}

const ERROR_PAGE = /(^|\/)404\.html$/;

export const WHOLE: Cover = { prefixes: null, pinned: null };

export function coverOf(
  { prefixes, storage }: Pick<EdgeLimits, 'prefixes' | 'storage'>,
  { pinned }: Pick<SitePolicy, 'pinned'>,
): Cover {
  return { prefixes, pinned: storage === 'lazy' ? pinned : null };
}

export function sameCover(a: Cover, b: Cover): boolean {
  return JSON.stringify([a.prefixes, a.pinned]) === JSON.stringify([b.prefixes, b.pinned]);
}

/** Whether the edge serves the path. */
export function isServed(path: string, { prefixes }: Pick<Cover, 'prefixes'>): boolean {
  return prefixes === null || prefixes.some((prefix) => path.startsWith(prefix));
}

/**
 * Whether the path's object is always held while the path is published. An edge always holds the rules of a site, even
 * if it serves only a part of the site. It also always holds the error pages, so that the response for a missing page
 * never waits for an upstream.
 */
export function isHeldAlways(path: string, cover: Cover): boolean {
  if (isRuleFile(path)) return true;
  if (!isServed(path, cover)) return false;
  return cover.pinned === null || ERROR_PAGE.test(path) || isPinned(path, cover.pinned);
}

/** The cover as a receipt states it. */
export function coverText({ prefixes, pinned }: Cover): string {
  const paths = prefixes === null ? [] : [JSON.stringify(prefixes)];
  if (pinned !== null) return ['lazy', ...paths].join(' ');
  return paths[0] ?? 'all';
}

function isPinned(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => compiledPattern(pattern)?.match(`/${path}`) !== undefined);
}

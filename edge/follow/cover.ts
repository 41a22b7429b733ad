import type { EdgeLimits } from '../../shared/protocol.ts';
import type { SitePolicy } from '../../shared/site-policy.ts';
import { compiledPattern } from '../../shared/site-rules/compiled-pattern.ts';
import { isRuleFile } from '../../shared/site-rules/rule-lines.ts';

/** Which objects of a site an edge holds, always, beside the whole manifest. */
export interface Cover {
  /** The path prefixes that it serves; null for all paths. */
  readonly prefixes: readonly string[] | null;
  /** Of a lazy edge: patterns of what it holds of those without being asked for it. Null: all of it. */
  readonly pinned: readonly string[] | null;
}

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

/** Whether the path is one of those that are served here. */
export function isServed(path: string, { prefixes }: Pick<Cover, 'prefixes'>): boolean {
  return prefixes === null || prefixes.some((prefix) => path.startsWith(prefix));
}

/** Whether its object is held as long as the path is published. A site's rules are, for whatever part is served. */
export function isHeldAlways(path: string, cover: Cover): boolean {
  if (isRuleFile(path)) return true;
  return isServed(path, cover) && (cover.pinned?.some((pattern) => matches(pattern, path)) ?? true);
}

/** As a receipt says it. */
export function coverText({ prefixes, pinned }: Cover): string {
  const paths = prefixes === null ? [] : [JSON.stringify(prefixes)];
  if (pinned !== null) return ['lazy', ...paths].join(' ');
  return paths[0] ?? 'all';
}

function matches(pattern: string, path: string): boolean {
  return compiledPattern(pattern)?.match(`/${path}`) !== undefined;
}

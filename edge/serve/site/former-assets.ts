import { isFingerprinted } from '../../../shared/content/asset-name.ts';
import { knownMediaType } from '../../../shared/content/media-type.ts';
import { type PurgeMatch, purgeMatch } from '../../../shared/site/purge.ts';
import { compiledPattern } from '../../../shared/site/rules/compiled-pattern.ts';
import type { FormerAssets } from '../../messages/views.ts';

/**
 * The older revisions that may serve a path that the active one does not have. Pages that readers loaded before a
 * publish still request the assets of their revision. `text` is the decoded path with its first slash, `now` is the
 * time of the log, and `tags` are the tags that the site assigns to the path.
 */
export function revisionsFor(
  text: string,
  { revisions, paths, purges, beside }: FormerAssets,
  now: number,
  tags: () => ReadonlySet<string>,
): number[] {
  if (beside === null) return formerFor(text, { revisions, paths, purges }, now, tags);
  const isAnswered = isAsset(text, paths) || (beside.isNewer && isNoPage(text));
  const first = isAnswered ? [beside.revision] : [];
  const others = revisions.filter(({ revision }) => revision !== beside.revision);
  return [...first, ...formerFor(text, { revisions: others, paths, purges }, now, tags)];
}

function formerFor(
  text: string,
  { revisions, paths, purges }: Omit<FormerAssets, 'beside'>,
  now: number,
  tags: () => ReadonlySet<string>,
): number[] {
  if (revisions.length === 0 || !isAsset(text, paths)) return [];
  const purged = purges
    .filter((purge) => matchOf(purge)(text.slice(1), tags))
    .reduce((newest, { revision }) => Math.max(newest, revision), 0);
  return revisions
    .filter(({ revision, until }) => until > now && revision > purged)
    .map(({ revision }) => revision);
}

type Purge = FormerAssets['purges'][number];

const matches = new WeakMap<Purge, PurgeMatch>();

/** Each purge is compiled once for each view. */
function matchOf(purge: Purge): PurgeMatch {
  const match = matches.get(purge) ?? purgeMatch(purge.target);
  matches.set(purge, match);
  return match;
}

/** Whether the ending of a path names a type of content that no page has. */
function isNoPage(text: string): boolean {
  const type = knownMediaType(text);
  return type !== undefined && type !== 'text/html' && type !== 'application/xhtml+xml';
}

function isAsset(text: string, paths: FormerAssets['paths']): boolean {
  if (paths === null) return isFingerprinted(text);
  return paths.some((path) => compiledPattern(path)?.match(text) !== undefined);
}

import { SkerryError } from '../../shared/errors.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { PublishRights } from './permission.ts';

/**
 * Throws `forbidden` if a purge reaches beyond what the caller may change. Whoever may change some folders may purge
 * paths and patterns that begin with one of them. A tag may be anywhere in the site.
 */
export function requirePurgeWithin(
  { isWhole, folders }: Pick<PublishRights, 'isWhole' | 'folders'>,
  { all, paths, globs, tags }: PurgeTarget,
): void {
  if (isWhole) return;
  const isWithin = (path: string | undefined) =>
    path !== undefined && folders.some((folder) => path.startsWith(folder));
  const beyond = [
    ...paths.filter((path) => !isWithin(path)),
    ...globs.filter((glob) => !isWithin(fixedPart(glob))),
  ];
  const what = all ? 'the whole site' : tags.length > 0 ? 'tags' : beyond[0];
  if (what === undefined) return;
  throw new SkerryError(
    'forbidden',
    `the token may purge only paths in ${folders.join(', ')}, and this purge names ${what}`,
  );
}

/**
 * What all paths begin with that a pattern matches: the text before its star and its placeholders, decoded and without
 * the first slash. Undefined if it is not correctly encoded. (`/blog/*` matches `/blog`, too, which is the address of
 * the folder.)
 */
function fixedPart(glob: string): string | undefined {
  const [fixed = ''] = glob.slice(1).split(/\*|(?<=^|\/):/);
  try {
    return decodeURIComponent(fixed);
  } catch {
    return undefined;
  }
}

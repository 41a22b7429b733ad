import { SkerryError } from '../errors.ts';
import type { FeedSource } from './feed-source.ts';

/** The ids of the sites whose content a member may read, in ascending order. Null means all sites. */
export type ReadableSites = readonly number[] | null;

export async function readableSites(
  { members, siteIds }: Pick<FeedSource, 'members' | 'siteIds'>,
  member: string,
): Promise<ReadableSites> {
  const names = members.mayRead(member);
  return names === null ? null : siteIds(names);
}

/** Throws `forbidden` when the site is not readable. */
export function requireReadable(sites: ReadableSites, site: number, member: string): void {
  if (sites !== null && !sites.includes(site))
    throw new SkerryError('forbidden', `the edge ${member} may not read site ${site}`);
}

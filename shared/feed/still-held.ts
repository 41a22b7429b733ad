import { SkerryError } from '../errors.ts';
import type { FeedSource } from './feed-source.ts';

/**
 * Throws `no-longer-held` unless all of these revisions are held. What was read of a revision is complete only if the
 * revision is still held after the read: a revision is given up before its rows are removed, page by page.
 */
export async function requireHeld(
  source: Pick<FeedSource, 'holds'>,
  site: number,
  revisions: readonly number[],
): Promise<void> {
  for (const revision of revisions)
    if (revision !== 0 && (await source.holds(site, revision)) !== 'held') throw noLongerHeld(site, revision);
}

export function noLongerHeld(site: number, revision: number): SkerryError {
  return new SkerryError('no-longer-held', `revision ${revision} of site ${site} is not held here`);
}

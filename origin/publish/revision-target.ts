import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { RevisionReads, RevisionRow } from '../catalog/revision-calls.ts';

type Reads = Remote<RevisionReads>;

/** A revision that was not aborted. Throws `no-such-revision`. */
export async function existingRevision(
  catalog: Pick<Reads, 'revision'>,
  site: number,
  number: number,
): Promise<RevisionRow> {
  const revision = await catalog.revision(site, number);
  if (revision.state === 'aborted')
    throw new SkerryError('no-such-revision', `revision ${number} was aborted`);
  return revision;
}

/** The revision that a rollback restores: `to`, or the newest one that was live before and differs from the live one. */
export async function rollbackTarget(
  catalog: Pick<Reads, 'revision' | 'formerlyLive'>,
  site: number,
  to: number | undefined,
): Promise<RevisionRow> {
  if (to !== undefined) return existingRevision(catalog, site, to);
  const target = await catalog.formerlyLive(site);
  if (target === undefined)
    throw new SkerryError('nothing-to-roll-back', 'no revision with other content was live before');
  return target;
}

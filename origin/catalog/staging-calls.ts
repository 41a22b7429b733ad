import type { DiffCursor } from '../../shared/content/manifest/reading.ts';
import type { Staging } from '../../shared/content/manifest/staging.ts';
import type { DeployCursor } from './deploy-calls.ts';

/**
 * How a coming revision is staged beside the live one. Callers hold the site's lock: of one site one is staged at a
 * time. None of these calls is durable by itself: what a loss of power takes is what nobody was told of, and the
 * reveal makes all before it durable.
 */
export interface StagingCalls
  extends Pick<Staging, 'stage' | 'staged' | 'sealLeaves' | 'sealRoot' | 'unstage'> {
  /**
   * Marks the number as being staged; what a crash left under it must be unstaged first. Repeated, it gives the same
   * number until one is revealed. Throws `no-such-site`.
   */
  beginStaging(site: number): { revision: number; newest: number; leftover: boolean };
  /** Takes the mark away, when all is unstaged; does nothing when there is none. */
  endStaging(site: number): void;
  /** Stages a page of what leads from one revision to another; undefined when done. Throws `no-such-revision`. */
  stageDiff(
    site: number,
    revision: number,
    from: number,
    to: number,
    after: DiffCursor | undefined,
  ): DiffCursor | undefined;
  /** Stages a page of the deploy's files over what is staged; undefined when done. Throws `no-such-deploy`. */
  stageDeploy(
    id: string,
    revision: number,
    time: number,
    after: DeployCursor | undefined,
  ): DeployCursor | undefined;
  /**
   * Stages a page of deletions of what the deploy, a whole tree, does not name; undefined when done. Throws
   * `no-such-deploy`.
   */
  stageAbsent(id: string, revision: number, after: DeployCursor | undefined): DeployCursor | undefined;
}

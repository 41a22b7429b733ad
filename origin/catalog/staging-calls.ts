import type { DiffCursor } from '../../shared/content/manifest/reading.ts';
import type { Staging } from '../../shared/content/manifest/staging.ts';
import type { DeployCursor } from './deploy-calls.ts';

/**
 * Stages a new revision while another one is live. Callers hold the site's lock, so a site stages one revision at a
 * time. Except for `endStaging`, no call is durable on its own. A loss of power loses only changes that were not
 * announced, and the reveal makes all earlier changes durable.
 */
export interface StagingCalls extends Pick<Staging, 'stage' | 'staged' | 'sealLeaves' | 'sealRoot'> {
  /**
   * Marks the next number as being staged. If it returns `leftover`, the caller first unstages the rows that a crash
   * left under the number. A repeated call returns the same number until it is revealed. Throws `no-such-site`.
   */
  beginStaging(site: number): { revision: number; newest: number; leftover: boolean };
  /**
   * Removes up to `limit` staged rows. False when none is left. Throws when the number is revealed already: a caller
   * that does not know how its `reveal` ended must not delete rows that are served.
   */
  unstage(site: number, revision: number, limit: number): boolean;
  /** Removes the mark when everything is unstaged. Does nothing when there is none. */
  endStaging(site: number): void;
  /** Stages a page of the diff from one revision to another. Undefined when done. Throws `no-such-revision`. */
  stageDiff(
    site: number,
    revision: number,
    from: number,
    to: number,
    after: DiffCursor | undefined,
  ): DiffCursor | undefined;
  /**
   * Stages a page of the deploy's files on top of the staged state. Undefined when done. Throws `no-such-deploy`, and
   * `objects-missing` without naming the objects, when one was not uploaded to the site or has another size.
   */
  stageDeploy(
    id: string,
    revision: number,
    time: number,
    after: DeployCursor | undefined,
  ): DeployCursor | undefined;
  /**
   * Stages a page of deletions, for a deploy that is a whole tree: it deletes the paths that the deploy does not name.
   * Undefined when done. Throws `no-such-deploy`.
   */
  stageAbsent(id: string, revision: number, after: DeployCursor | undefined): DeployCursor | undefined;
}

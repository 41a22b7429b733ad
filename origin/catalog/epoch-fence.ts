import { SkerryError } from '../../shared/errors.ts';

/**
 * Keeps an origin from appending that may not write the log any more. A catalog asks it within each transaction that
 * appends, under the lock that gives out sequence numbers, so that an append passes or is refused as a whole. One that
 * several nodes open compares the epoch that is stored with its own there, and reads there whether a node has shut it:
 * they write one log in one epoch, so what stops one of them stops all. Which of two nodes may go on with a site is no
 * matter of the epoch: see publish/site-lock.ts.
 */
export interface EpochFence {
  /** Throws `log-diverged`. */
  pass(epoch: number): void;
  /** From now on, until the process ends, nothing passes, and this says why; repeated, the last reason counts. */
  shut(why: string): void;
}

/** Of an origin that has its catalog for itself: only this process itself shuts it. */
export function inProcessFence(): EpochFence {
  let denial: string | undefined;
  return {
    pass() {
      if (denial !== undefined) throw new SkerryError('log-diverged', denial);
    },
    shut(why) {
      denial = why;
    },
  };
}

import type { Digest } from '../../shared/content/digest.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';

/** The answer of a deploy, without the `seq` that the transaction gives it. */
export interface DoneDeploy {
  readonly id: string;
  readonly answer: Omit<Commit, 'seq'>;
}

export interface Reveal {
  readonly site: number;
  readonly revision: number;
  readonly root: Digest;
  readonly base: number;
  readonly message: string;
  readonly restores: number | null;
  readonly time: number;
  readonly mode: Mode;
  /** Makes it live in the same transaction; null leaves it pending. */
  readonly activate: Payload<'activate'> | null;
  readonly deploy: DoneDeploy | null;
}

interface Activation {
  readonly site: number;
  readonly revision: number;
  readonly payload: Payload<'activate'>;
  readonly time: number;
  readonly deploy: DoneDeploy | null;
}

interface SyncOutcome extends Payload<'outcome'> {
  readonly site: number;
  readonly revision: number;
  readonly time: number;
  readonly deploy: { readonly id: string; readonly answer: Commit } | null;
}

/** How staged revisions become visible. Callers hold the site's lock. Each of these calls appends to the log. */
export interface PublishCalls {
  /**
   * The one transaction that makes the staged state a revision, its records durable, and the deploy done. Throws
   * `no-such-site` for a site that was deleted. It cannot be repeated: its number is taken.
   */
  reveal(commit: Reveal): { seq: Seq };
  /** Makes a pending revision live. Throws `no-such-revision` when it is not the site's tip, or not pending (any more). */
  activate(activation: Activation): { seq: Seq };
  /** Ends a pending revision, which will never be live. Throws as `activate` does. */
  abort(site: number, revision: number, reason: string, time: number): void;
  /** Writes down how a sync publish ended, and renews the answer of its deploy. A revision that was pruned is named without root. */
  noteOutcome(outcome: SyncOutcome): void;
}

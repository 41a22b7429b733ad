import type { Digest } from '../../shared/content/digest.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { AliasTarget } from './alias-calls.ts';

/** The response to the commit of a deploy. The transaction adds the `seq`. */
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
  /** Makes the revision live in the same transaction. Null leaves it pending. */
  readonly activate: Payload<'activate'> | null;
  /** Makes the revision a draft, and points this alias at it in the same transaction. */
  readonly draft?: AliasTarget | undefined;
  /** Begins a rollout of the revision in the same transaction. */
  readonly rollout?: RolloutPolicy | undefined;
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

/**
 * Makes staged revisions visible. Callers hold the site's lock. Each of these calls appends to the log. A rollout of
 * another revision ends first, in the same transaction, unless the call only makes a draft.
 */
export interface PublishCalls {
  /**
   * In one transaction, makes the staged state a revision, its records durable, and the deploy done. Throws
   * `no-such-site` when the site was deleted, `quota-exceeded`, `alias-taken`, `too-many-aliases` and `too-many-rollouts`. The call cannot be repeated, because its revision number is then taken.
   */
  reveal(commit: Reveal): { seq: Seq };
  /**
   * Makes a pending revision or a draft live. Throws `no-such-revision` when it is neither the site's pending tip nor a
   * draft after the tip.
   */
  activate(activation: Activation): { seq: Seq };
  /**
   * Aborts a pending revision, so that it never becomes live. Throws `no-such-revision` when it is not the site's tip or
   * not pending.
   */
  abort(site: number, revision: number, reason: string, time: number): void;
  /**
   * Records how a sync publish ended, and replaces the stored response of its deploy. The record of a pruned revision
   * has no root.
   */
  noteOutcome(outcome: SyncOutcome): void;
}

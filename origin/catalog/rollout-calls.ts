import type { Digest } from '../../shared/content/digest.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { RolloutEvidence, RolloutState } from '../../shared/wire/rollout-api.ts';

/** The newest rollout of a site. */
export interface RolloutRow {
  readonly site: number;
  readonly siteName: string;
  readonly revision: number;
  readonly root: Digest;
  /** The revision that is live meanwhile. */
  readonly base: number;
  /** The record of its last step, or of its end. */
  readonly seq: number;
  readonly policy: RolloutPolicy;
  readonly state: RolloutState;
  /** Why it is paused or has ended. Empty otherwise. */
  readonly reason: string;
  /** The number of the last step. 0 while edges only take the revision in. */
  readonly step: number;
  /** The edges that show the revision, by name, ascending. */
  readonly edges: readonly string[];
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly began: number;
  /** When the last step began, or the rollout was resumed. */
  readonly stepped: number;
  /** How many seconds the revision is judged at these edges. */
  readonly dwell: number;
  readonly ended: number | null;
  readonly evidence: RolloutEvidence;
}

export interface RolloutReads {
  /** The rollouts of all sites that are running or paused. At most `MOST_ROLLOUTS`. */
  openRollouts(): RolloutRow[];
  /** The newest rollout of a site. Throws `no-such-rollout` when it never had one. */
  rollout(site: number): RolloutRow;
}

/** What a rollout is when a decision is stored. */
export interface RolloutChange {
  readonly state?: 'running' | 'paused' | undefined;
  readonly reason?: string | undefined;
  readonly evidence?: RolloutEvidence | undefined;
  /** The time from which the step counts anew. */
  readonly stepped?: number | undefined;
}

/**
 * Callers hold the site's lock. A rollout begins with `reveal`. It ends when its revision is activated or aborted here,
 * or before another revision is committed or made live, in the same transaction. All calls throw `no-such-rollout` when
 * the site's rollout of this revision is not open.
 */
export interface RolloutCalls extends RolloutReads {
  /** Appends the record of a further step. The edges include those of the last step. */
  stepRollout(
    site: number,
    revision: number,
    step: { readonly step: number; readonly edges: readonly string[]; readonly dwell: number },
    time: number,
  ): { seq: Seq };
  /** Takes the revision back: appends its `abort` record. */
  endRollout(
    site: number,
    revision: number,
    end: {
      readonly state: 'failed' | 'aborted';
      readonly reason: string;
      readonly evidence?: RolloutEvidence;
    },
    time: number,
  ): { seq: Seq };
  /** Changes what is stored about an open rollout. Appends nothing. */
  noteRollout(site: number, revision: number, change: RolloutChange): void;
}

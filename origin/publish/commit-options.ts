import type { RolloutChoice } from '../../shared/site/rollout-policy.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { OnConflict } from '../../shared/wire/deploy-api.ts';

export interface CommitOptions {
  /** The default is the site's mode. */
  readonly mode?: Mode | undefined;
  readonly message?: string | undefined;
  /** For a batch commit: opens a window by hand. */
  readonly now?: boolean | undefined;
  /** For a deploy whose base is no longer the newest revision. */
  readonly onConflict?: OnConflict | undefined;
  /** For a commit that is no deploy's: the deploy that keeps its response. If it has one already, nothing is done. */
  readonly answerIn?: string | undefined;
  /** The monotonic time at which the request arrived. The default is now. */
  readonly began?: number | undefined;
  /** The folders outside of which the commit may change nothing. Undefined for no such limit. */
  readonly within?: readonly string[] | undefined;
  /** Makes a draft, which edges show only under an alias. A draft has no mode. */
  readonly draft?: DraftOptions | undefined;
  /** How the revision reaches the edges in steps. Null for all edges at once. The default is the site's, for a deploy. */
  readonly rollout?: RolloutChoice | null | undefined;
}

export interface DraftOptions {
  /** The default is a name that is made from the number of the revision. */
  readonly alias: string | undefined;
  /** The life of the alias in seconds. The default is `ALIAS_LIFE.usual`. */
  readonly life: number | undefined;
}

/** A revision by its number, or by the alias that points to it. */
export type RevisionTarget = { readonly revision: number } | { readonly alias: string };

import type { Digest } from '../../shared/content/digest.ts';
import type { ServingCounters } from './counters.ts';
import type { ServingOptions } from './options.ts';
import type { MissingMessage } from './read-through.ts';
import type { SiteView } from './views.ts';

/**
 * The messages from the replicating process to a serving process, over Node's IPC channel. Both processes run the same
 * version of this program, so the messages need no schema.
 */
export type ToServing =
  | StartMessage
  /** Serve these views, and no others, for requests that begin from now on. */
  | { readonly t: 'show'; readonly turn: number; readonly views: readonly SiteView[] }
  /**
   * Hold new requests: no process may begin a request with the old views after another process has begun one with the
   * new views. A hold that ends by itself ends as `SwitchDecisions` says.
   */
  | { readonly t: 'hold'; readonly turn: number; readonly coming: ComingViews }
  /** The switch is decided: serve the views that the hold named. */
  | { readonly t: 'switch'; readonly turn: number; readonly id: string }
  /** Sites that need a lease may be served until this time, in milliseconds of the machine's monotonic clock. */
  | { readonly t: 'lease'; readonly until: number }
  /** How far the time of the log is ahead of the machine's monotonic clock, in milliseconds. */
  | { readonly t: 'time'; readonly ahead: number }
  /** Whether the edge is drained: each connection then ends with its next answer. */
  | { readonly t: 'drained'; readonly isDrained: boolean }
  /** Drop these objects from memory, because they were found damaged on disk or were purged. */
  | { readonly t: 'forget'; readonly digests: readonly Digest[] | 'all' }
  /** The variants of these objects have changed. */
  | { readonly t: 'variants'; readonly sources: readonly Digest[] }
  | { readonly t: 'counters'; readonly turn: number }
  | MissingMessage
  /** Which objects have been read since the last question? */
  | { readonly t: 'use'; readonly turn: number }
  /** Answer the requests that have begun, accept no new ones, and end. */
  | { readonly t: 'drain' };

/** The views that a hold prepares. */
export interface ComingViews {
  /** Names the switch for `SwitchDecisions`. */
  readonly id: string;
  readonly views: readonly SiteView[];
}

/** The first message: listen, and let requests wait for the first views. */
export interface StartMessage extends ServingOptions {
  readonly t: 'start';
  /** Continue from these counts, the last known ones of the process that this one replaces. */
  readonly counted: ServingCounters;
}

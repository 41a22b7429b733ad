import type { Digest } from '../../shared/content/digest.ts';
import type { ServingOptions } from './options.ts';
import type { MissingMessage } from './read-through.ts';
import type { SiteView } from './views.ts';

/**
 * The messages from the replicating process to a serving process over Node's IPC channel. Both ends are the same
 * program, started together, so there is no schema.
 */
export type ToServing =
  /** The first message: listen, and let requests wait for the first switch. */
  | ({ readonly t: 'start' } & ServingOptions)
  /** Let new requests wait: none may be begun on the old views while another process has begun on the new. */
  | { readonly t: 'hold'; readonly turn: number }
  /** Requests that begin from now on see exactly these views. This ends the hold. */
  | { readonly t: 'switch'; readonly turn: number; readonly views: readonly SiteView[] }
  /** Until when sites that require a lease may be served, in milliseconds of the machine's monotonic clock. */
  | { readonly t: 'lease'; readonly until: number }
  /** How far the time of the log is ahead of the machine's monotonic clock, in milliseconds. */
  | { readonly t: 'time'; readonly ahead: number }
  /** Drop these objects from memory: they were found damaged on disk, or were purged. */
  | { readonly t: 'forget'; readonly digests: readonly Digest[] | 'all' }
  /** The variants of these objects have changed. */
  | { readonly t: 'variants'; readonly sources: readonly Digest[] }
  | { readonly t: 'counters'; readonly turn: number }
  | MissingMessage
  /** Tell which objects have been read since the last such message. */
  | { readonly t: 'use'; readonly turn: number }
  /** Answer the requests that have begun, accept no new ones, then end. */
  | { readonly t: 'drain' };

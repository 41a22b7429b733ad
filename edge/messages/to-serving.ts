import type { Digest } from '../../shared/content/digest.ts';
import type { ServingCounters } from './counters.ts';
import type { ServingOptions } from './options.ts';
import type { MissingMessage } from './read-through.ts';
import type { SiteView } from './views.ts';

/**
 * What the replicating process says to a serving process over Node's IPC channel. Both ends are this program,
 * started together: no schema.
 */
export type ToServing =
  | StartMessage
  /** Let new requests wait: none may be begun on the old views while another process has begun on the new. */
  | { readonly t: 'hold'; readonly turn: number }
  /** Requests begun from now on see these views, all of them; ends the hold. */
  | { readonly t: 'switch'; readonly turn: number; readonly views: readonly SiteView[] }
  /** Until when sites that need a lease may be served, in milliseconds of the machine's monotonic clock. */
  | { readonly t: 'lease'; readonly until: number }
  /** What the monotonic clock of the machine is to be put ahead by for the time of the log, in milliseconds. */
  | { readonly t: 'time'; readonly ahead: number }
  /** What is in memory of these objects goes: they were found damaged on disk, or purged. */
  | { readonly t: 'forget'; readonly digests: readonly Digest[] | 'all' }
  /** The variants of these objects are others than before. */
  | { readonly t: 'variants'; readonly sources: readonly Digest[] }
  | { readonly t: 'counters'; readonly turn: number }
  | MissingMessage
  /** Which objects have been read since this was asked last? */
  | { readonly t: 'use'; readonly turn: number }
  /** Answer what has begun, take nothing new, end. */
  | { readonly t: 'drain' };

/** The first message: listen, and let requests wait for the first switch. */
export interface StartMessage extends ServingOptions {
  readonly t: 'start';
  /** Go on counting from here: where the process that this one replaces was seen last. */
  readonly counted: ServingCounters;
}

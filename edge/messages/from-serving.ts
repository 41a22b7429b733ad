import type { ServingCounters } from './counters.ts';
import type { NeedMessage } from './read-through.ts';
import type { ReadersUse, VariantRequest } from './use.ts';

/** The messages from a serving process to the replicating process. See `ToServing`. */
export type FromServing =
  | { readonly t: 'listening'; readonly port: number }
  | { readonly t: 'failed'; readonly code: string; readonly message: string }
  | { readonly t: 'held'; readonly turn: number }
  /** The views of `show` or `switch` are served. */
  | { readonly t: 'shown'; readonly turn: number }
  | { readonly t: 'wanted'; readonly entries: readonly VariantRequest[] }
  | { readonly t: 'counters'; readonly turn: number; readonly counters: ServingCounters }
  | NeedMessage
  | ({ readonly t: 'used'; readonly turn: number } & ReadersUse);

import type { Digest } from '../../shared/content/digest.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';

/** What a serving process asks the replicating one for. */
export type NeedMessage =
  /** Readers ask for an object, or a range of it, that is not here. */
  | {
      readonly t: 'need';
      readonly id: number;
      /** Who takes turns with others at what is fetched. */
      readonly client: string;
      readonly digest: Digest;
      readonly range: ByteSpan | null;
    }
  /** No more of it is wanted. */
  | { readonly t: 'done'; readonly id: number };

/** What the replicating process says of what is needed. */
export type MissingMessage =
  /** What was needed is in the store now. */
  | { readonly t: 'stored'; readonly id: number; readonly found: FoundMissing }
  /** The file of what was needed has these bytes; of others `arrived` tells, until `done`. */
  | {
      readonly t: 'coming';
      readonly id: number;
      /** The name of its file among the drafts, until it is whole. */
      readonly fill: string;
      readonly spans: readonly ByteSpan[];
      readonly found: FoundMissing;
    }
  | { readonly t: 'arrived'; readonly fill: string; readonly span: ByteSpan }
  /** What is not there yet does not come. */
  | { readonly t: 'broke'; readonly fill: string; readonly code: ErrorCode; readonly message: string }
  | { readonly t: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** How a request found an object that was not whole here. */
export interface FoundMissing {
  readonly found: 'all' | 'partial' | 'none';
  /** All that was missing was on its way for others. */
  readonly isCollapsed: boolean;
  /** Where it comes from. */
  readonly tier: 'origin' | 'parent';
}

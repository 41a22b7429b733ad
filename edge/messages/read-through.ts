import type { Digest } from '../../shared/content/digest.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';

/** A request from a serving process to the replicating process. */
export type NeedMessage =
  /** A reader requests an object, or a range of it, that the edge does not hold. */
  | {
      readonly t: 'need';
      readonly id: number;
      /** The client, because clients take turns at fetching. */
      readonly client: string;
      readonly digest: Digest;
      readonly range: ByteSpan | null;
    }
  /** The reader needs no more bytes. */
  | { readonly t: 'done'; readonly id: number };

/** An answer from the replicating process. */
export type MissingMessage =
  /** The store has the object now. */
  | { readonly t: 'stored'; readonly id: number; readonly found: FoundMissing }
  /** The file of the partial object has these bytes. `arrived` messages report further bytes, until `done`. */
  | {
      readonly t: 'coming';
      readonly id: number;
      /** The name of the file among the drafts, until the object is complete. */
      readonly fileName: string;
      readonly spans: readonly ByteSpan[];
      readonly found: FoundMissing;
    }
  | { readonly t: 'arrived'; readonly fileName: string; readonly span: ByteSpan }
  /** The missing bytes cannot be fetched. */
  | { readonly t: 'broke'; readonly fileName: string; readonly code: ErrorCode; readonly message: string }
  | { readonly t: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** How a request got an object that the edge did not hold completely. */
export interface FoundMissing {
  readonly found: 'all' | 'partial' | 'none';
  /** True if all missing bytes were already being fetched for other readers. */
  readonly isCollapsed: boolean;
  /** The kind of upstream that the object was fetched from. */
  readonly tier: 'origin' | 'parent';
}

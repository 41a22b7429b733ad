import type { Digest } from '../../shared/content/digest.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';

/** A serving process's requests to the replicating process. */
export type NeedMessage =
  /** Readers ask for an object, or a range of it, that is not here. */
  | {
      readonly t: 'need';
      readonly id: number;
      /** The client that the fetch is for. Clients take turns. */
      readonly client: string;
      readonly digest: Digest;
      readonly range: ByteSpan | null;
    }
  /** The serving process wants no more of it. */
  | { readonly t: 'done'; readonly id: number };

/** The replicating process's answers to what is needed. */
export type MissingMessage =
  /** The needed object is in the store now. */
  | { readonly t: 'stored'; readonly id: number; readonly found: FoundMissing }
  /** The file already has these bytes of the needed object. `arrived` announces further bytes, until `done`. */
  | {
      readonly t: 'coming';
      readonly id: number;
      /** The name of its file among the drafts until it is whole. */
      readonly fill: string;
      readonly spans: readonly ByteSpan[];
      readonly found: FoundMissing;
    }
  | { readonly t: 'arrived'; readonly fill: string; readonly span: ByteSpan }
  /** The missing bytes will not come. */
  | { readonly t: 'broke'; readonly fill: string; readonly code: ErrorCode; readonly message: string }
  | { readonly t: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** The state in which a request found an object that was not whole here. */
export interface FoundMissing {
  readonly found: 'all' | 'partial' | 'none';
  /** Everything that was missing was already on its way for others. */
  readonly isCollapsed: boolean;
  /** Where the missing bytes come from. */
  readonly tier: 'origin' | 'parent';
}

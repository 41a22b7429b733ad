import type { Digest } from '../../../shared/content/digest.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { Body, WaitingReader } from '../bytes/body.ts';
import type { Answer } from './answer.ts';
import type { ReaderRequest } from './decide.ts';

/**
 * Answers the requests for one host, for example with a published site. The server has judged the request and chosen
 * the handler by its host, and it sends the answer of the handler.
 */
export interface SiteHandler {
  /** Its requests are counted and logged under this name. */
  readonly name: string;
  /** May wait for another server, as long as `reader` waits. An error is answered 500. */
  answer(request: ReaderRequest, reader: WaitingReader): SiteAnswer | Promise<SiteAnswer>;
  /**
   * The answer that the fast lane may give to every plain GET for the same path. A plain GET has no range, conditions
   * or cookies. It must be the answer that `answer` would give. Undefined when only `answer` can tell.
   */
  prepared(request: ReaderRequest): PreparedAnswer | undefined;
}

/** An answer whose bytes are opened once there is room to send them. */
export type SiteAnswer = Answer<Openable>;

export interface Openable {
  /** Infinity when it is not known yet. */
  readonly size: number;
  /** `range` is undefined for the whole content. Called once for each of several ranges. */
  open(range: ByteSpan | undefined, reader: WaitingReader): Opened | Promise<Opened>;
}

export type Opened =
  | Body
  /**
   * The bytes cannot be read, so this answer is sent instead. Each replacement needs fewer bytes, and the last needs
   * none.
   */
  | { readonly kind: 'instead'; readonly answer: SiteAnswer };

export interface PreparedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes must not change, because they are not copied immediately. */
  readonly body: Uint8Array;
  /** The object that it was made from, which counts as used. */
  readonly source: Digest | undefined;
  /** Whether the answer may still be given. Called for each request. */
  readonly mayBeGiven: () => boolean;
}

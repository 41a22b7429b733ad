import type { Digest } from '../../../shared/content/digest.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { Body, WaitingReader } from '../bytes/body.ts';
import type { Answer } from './answer.ts';
import type { ReaderRequest } from './decide.ts';

/**
 * Answers the requests for one host, for example with a published site. The server checks a request, chooses the
 * handler by the host, and sends the response that the handler returns.
 */
export interface SiteHandler {
  /** The handler's requests are counted and logged under this name. */
  readonly name: string;
  /**
   * Answers a request. It may wait for another server for as long as `reader` waits. If it throws, the response is 500.
   */
  answer(request: ReaderRequest, reader: WaitingReader): SiteAnswer | Promise<SiteAnswer>;
  /**
   * The response that the fast lane may send to every plain GET for the same path. It must be the response that
   * `answer` would return. Undefined if only `answer` can decide. A plain GET has no range, conditions or cookies.
   */
  prepared(request: ReaderRequest): PreparedAnswer | undefined;
}

/** A response whose body is opened when there is room to send it. */
export type SiteAnswer = Answer<Openable>;

export interface Openable {
  /** The number of bytes. Infinity if it is not known yet. */
  readonly size: number;
  /** Opens the whole content, or one range of it. It is called once for each of several ranges. */
  open(range: ByteSpan | undefined, reader: WaitingReader): Opened | Promise<Opened>;
}

export type Opened =
  | Body
  /**
   * The bytes cannot be read, so this response is sent instead. Each replacement needs fewer bytes, and the last one
   * needs none.
   */
  | { readonly kind: 'instead'; readonly answer: SiteAnswer };

export interface PreparedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes must not change, because they are not copied immediately. */
  readonly body: Uint8Array;
  /** The object from which the body was made. It counts as used. */
  readonly source: Digest | undefined;
  /** Whether the response may still be sent. Called for each request. */
  readonly mayBeGiven: () => boolean;
}

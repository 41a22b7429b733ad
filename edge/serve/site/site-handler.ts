import type { Digest } from '../../../shared/content/digest.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { Body, WaitingReader } from '../bytes/body.ts';
import type { Answer } from './answer.ts';
import type { ReaderRequest } from './decide.ts';

/**
 * What answers the requests for one host: a published site, and whatever else may stand behind a host. The server has
 * judged the request, chosen the handler by its host, and sends what the handler answers.
 */
export interface SiteHandler {
  /** Its requests are counted and logged under this name. */
  readonly name: string;
  /** May wait for another server, as long as `reader` does. What it throws is answered 500. */
  answer(request: ReaderRequest, reader: WaitingReader): SiteAnswer | Promise<SiteAnswer>;
  /**
   * What the fast lane may answer to everybody who asks for the same: to a plain GET without a range, conditions or
   * cookies. Undefined where `answer` has to be asked. It has to be what `answer` would give.
   */
  prepared(request: ReaderRequest): PreparedAnswer | undefined;
}

/** An answer whose bytes are opened when there is room to send them. */
export type SiteAnswer = Answer<Openable>;

export interface Openable {
  /** Infinity where nobody knows it yet. */
  readonly size: number;
  /** `range` is undefined for all of it. May be called once for each of several ranges. */
  open(range: ByteSpan | undefined, reader: WaitingReader): Opened | Promise<Opened>;
}

export type Opened =
  | Body
  /** The bytes are not to be had: what is answered then. It needs fewer of them, at last none. */
  | { readonly kind: 'instead'; readonly answer: SiteAnswer };

export interface PreparedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Not copied before it is needed: it must not change. */
  readonly body: Uint8Array;
  /** The object that it is made of, which counts as used. */
  readonly source: Digest | undefined;
  /** Whether it may still be given; asked for each request. */
  readonly mayBeGiven: () => boolean;
}

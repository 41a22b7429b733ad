import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import type { MultipartLayout } from '../http/multipart-range.ts';
import type { Representation } from '../http/representation.ts';

/**
 * The response to a request, decided before any byte of its body is read. Field names are in lower case. `Content`
 * identifies the bytes of the body.
 */
export interface Answer<Content = Representation> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody<Content>;
  /** True if the rules of the site would add more headers than a response may have. */
  readonly isExcess?: true;
}

export type AnswerBody<Content = Representation> =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  /** `range` is undefined for the whole content. */
  | {
      readonly kind: 'bytes';
      readonly representation: Content;
      readonly range: ByteSpan | undefined;
    }
  | {
      readonly kind: 'parts';
      readonly representation: Content;
      readonly layout: MultipartLayout;
    };

export const NO_BODY: AnswerBody<never> = { kind: 'none' };

export type TextAnswer = Answer<never> & { readonly body: { readonly kind: 'text' } };

/** A line of plain text for people. */
export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): TextAnswer {
  return {
    status,
    headers: {
      ...headers,
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
    },
    body: { kind: 'text', text },
  };
}

/** The response to a HEAD: the same header section and no body (RFC 9110, 9.3.2). */
export function withoutBody(answer: Answer<unknown>): Answer<never> {
  return { ...answer, body: NO_BODY };
}

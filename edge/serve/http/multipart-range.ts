import { type ByteSpan, inHttp, spanLength } from '../../../shared/store/byte-span.ts';

/** The layout of a 206 with several ranges (RFC 9110, 14.6): the text before each range and at the end. */
export interface MultipartLayout {
  readonly type: string;
  /** The size of the whole body in bytes. */
  readonly length: number;
  readonly parts: readonly { readonly head: string; readonly range: ByteSpan }[];
  readonly tail: string;
}

/** `boundary` must not occur in the content. */
export function multipartLayout(
  ranges: readonly ByteSpan[],
  size: number,
  contentType: string,
  boundary: string,
): MultipartLayout {
  const parts = ranges.map((range) => ({
    range,
    head:
      `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\n` +
      `Content-Range: bytes ${inHttp(range)}/${size}\r\n\r\n`,
  }));
  const tail = `\r\n--${boundary}--\r\n`;
  const length = parts.reduce(
    (sum, { head, range }) => sum + Buffer.byteLength(head) + spanLength(range),
    tail.length,
  );
  return { type: `multipart/byteranges; boundary=${boundary}`, length, parts, tail };
}

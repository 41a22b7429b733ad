import { encodeFields } from '../hpack/encoder.ts';
import type { PreparedAnswer } from '../site/site-handler.ts';
import { COMMON_FIELDS } from './common-fields.ts';
import { Flag, FRAME_HEAD_BYTES, FrameType, MOST_FRAME_BYTES, putFrameHead } from './frames.ts';

/** The frames of a whole response, made once for many streams, which differ only in their number. */
export interface PreparedFrames {
  /** HEADERS for a client whose table has the common fields, and DATA if one frame holds the whole body. */
  readonly bytes: Buffer;
  /** Where DATA begins. 0 if the body is empty or larger than a frame. */
  readonly dataAt: number;
  readonly body: Uint8Array;
  /** Makes the header block for a client whose table is empty, and stays so. */
  readonly blockWithoutTable: () => Buffer;
  /** Makes the one that fills the table. Undefined if the response lacks common fields. */
  readonly blockThatFills: (() => Buffer) | undefined;
}

/** Returns the frames of a response for a second, which becomes its `date`. */
export function preparedFrames({
  status,
  headers,
  body,
}: PreparedAnswer): (second: number) => PreparedFrames {
  const fields = [[':status', String(status)] as const, ...Object.entries(headers)];
  const fixed = encodeFields(fields, COMMON_FIELDS.filled);
  const canFill = COMMON_FIELDS.canBeFilledWith(headers);
  const hasData = body.length > 0 && body.length <= MOST_FRAME_BYTES;
  return (second) => {
    const date = dateBlock(second);
    const length = fixed.length + date.length;
    const headEnd = FRAME_HEAD_BYTES + length;
    const bytes = Buffer.allocUnsafeSlow(headEnd + (hasData ? FRAME_HEAD_BYTES + body.length : 0));
    const flags = Flag.endHeaders | (body.length === 0 ? Flag.endStream : 0);
    putFrameHead(bytes, 0, length, { type: FrameType.headers, flags, id: 0 });
    bytes.set(fixed, FRAME_HEAD_BYTES);
    bytes.set(date, FRAME_HEAD_BYTES + fixed.length);
    if (hasData) {
      putFrameHead(bytes, headEnd, body.length, { type: FrameType.data, flags: Flag.endStream, id: 0 });
      bytes.set(body, headEnd + FRAME_HEAD_BYTES);
    }
    const filling = () => encodeFields(COMMON_FIELDS.inOrder(fields), COMMON_FIELDS.filling);
    return {
      ...{ bytes, dataAt: hasData ? headEnd : 0, body },
      blockWithoutTable: () => Buffer.concat([encodeFields(fields), date]),
      blockThatFills: canFill ? () => Buffer.concat([filling(), date]) : undefined,
    };
  };
}

let encodedSecond = -1;
let encodedDate: Buffer = Buffer.alloc(0);

/** All hot responses get the same date, each second a new one. */
function dateBlock(second: number): Buffer {
  if (second !== encodedSecond) {
    encodedSecond = second;
    encodedDate = encodeFields([['date', new Date(second * 1000).toUTCString()]]);
  }
  return encodedDate;
}

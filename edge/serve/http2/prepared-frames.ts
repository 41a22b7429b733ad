import { encodeFields } from '../hpack/encoder.ts';
import type { PreparedAnswer } from '../site/site-handler.ts';
import { COMMON_FIELDS } from './common-fields.ts';
import { Flag, FRAME_HEAD_BYTES, FrameType, MOST_FRAME_BYTES, putFrameHead } from './frames.ts';

/** The frames of a whole response, made once for many streams, which differ only in their number. */
interface WholeFrames {
  /** HEADERS, and DATA if one frame holds the whole body. */
  readonly bytes: Buffer;
  /** Where DATA begins. 0 if the body is empty or larger than a frame. */
  readonly dataAt: number;
}

/** A response in the forms that connections need. Each form is made when the first connection needs it. */
export class PreparedFrames {
  readonly body: Uint8Array;
  readonly #blocks: Blocks;
  readonly #date: Buffer;
  #withTable: WholeFrames | undefined;
  #withoutTable: WholeFrames | undefined;

  constructor(blocks: Blocks, date: Buffer, body: Uint8Array) {
    this.#blocks = blocks;
    this.#date = date;
    this.body = body;
  }

  /** The size of all frames in the largest of the forms that are used again. */
  get mostBytes(): number {
    return 2 * FRAME_HEAD_BYTES + this.#blocks.withoutTable.length + this.#date.length + this.body.length;
  }

  /** For a client whose table has the common fields. */
  get withTable(): WholeFrames {
    this.#withTable ??= wholeFrames([this.#blocks.withTable, this.#date], this.body);
    return this.#withTable;
  }

  /** For a client whose table is empty. Many have no other: a site may have its own `cache-control` for all files. */
  get withoutTable(): WholeFrames {
    this.#withoutTable ??= wholeFrames([this.#blocks.withoutTable, this.#date], this.body);
    return this.#withoutTable;
  }

  /** Makes the header block that fills the table of a client. Undefined if the response lacks common fields. */
  blockThatFills(): Buffer | undefined {
    const block = this.#blocks.thatFills();
    return block && Buffer.concat([block, this.#date]);
  }

  blockWithoutTable(): Buffer {
    return Buffer.concat([this.#blocks.withoutTable, this.#date]);
  }
}

/** The header blocks of a response, without `date`. */
class Blocks {
  readonly #headers: PreparedAnswer['headers'];
  readonly #fields: readonly (readonly [name: string, value: string])[];
  #withTable: Buffer | undefined;
  #withoutTable: Buffer | undefined;

  constructor({ status, headers }: PreparedAnswer) {
    this.#headers = headers;
    this.#fields = [[':status', String(status)], ...Object.entries(headers)];
  }

  get withTable(): Buffer {
    this.#withTable ??= encodeFields(this.#fields, COMMON_FIELDS.filled);
    return this.#withTable;
  }

  get withoutTable(): Buffer {
    this.#withoutTable ??= encodeFields(this.#fields);
    return this.#withoutTable;
  }

  /** Encodes the block anew, because a connection needs it once. */
  thatFills(): Buffer | undefined {
    if (!COMMON_FIELDS.canBeFilledWith(this.#headers)) return undefined;
    return encodeFields(COMMON_FIELDS.inOrder(this.#fields), COMMON_FIELDS.filling);
  }
}

/** Returns the frames of a response for a second, which becomes its `date`. */
export function preparedFrames(answer: PreparedAnswer): (second: number) => PreparedFrames {
  const blocks = new Blocks(answer);
  return (second) => new PreparedFrames(blocks, dateBlock(second), answer.body);
}

function wholeFrames(block: readonly Buffer[], body: Uint8Array): WholeFrames {
  const length = block.reduce((sum, part) => sum + part.length, 0);
  const hasData = body.length > 0 && body.length <= MOST_FRAME_BYTES;
  const headEnd = FRAME_HEAD_BYTES + length;
  const bytes = Buffer.allocUnsafeSlow(headEnd + (hasData ? FRAME_HEAD_BYTES + body.length : 0));
  const flags = Flag.endHeaders | (body.length === 0 ? Flag.endStream : 0);
  putFrameHead(bytes, 0, length, { type: FrameType.headers, flags, id: 0 });
  let at = FRAME_HEAD_BYTES;
  for (const part of block) {
    bytes.set(part, at);
    at += part.length;
  }
  if (hasData) {
    putFrameHead(bytes, headEnd, body.length, { type: FrameType.data, flags: Flag.endStream, id: 0 });
    bytes.set(body, headEnd + FRAME_HEAD_BYTES);
  }
  return { bytes, dataAt: hasData ? headEnd : 0 };
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

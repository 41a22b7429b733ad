/** The frames of HTTP/2 (RFC 9113, 4 and 6) as bytes. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const FRAME_HEAD_BYTES = 9;
/** The largest payload that both sides send, because neither asks for more. */
export const MOST_FRAME_BYTES = 16_384;

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
  /** RFC 9218, 7.1. */
  priorityUpdate: 16,
} as const;

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** RFC 9218, 2.1. */
  noRfc7540Priorities: 9,
} as const;

export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** A fault of the client that ends the connection (RFC 9113, 5.4.1). */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A fault of the client that ends one stream (RFC 9113, 5.4.2). */
export class StreamError extends Error {
  readonly code: ErrorCode;
  readonly id: number;

  constructor(id: number, code: ErrorCode, message: string) {
    super(message);
    this.id = id;
    this.code = code;
  }
}

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  /** 0 for a frame of the whole connection. */
  readonly id: number;
}

export function putFrameHead(to: Uint8Array, at: number, length: number, head: FrameHead): void {
  to[at] = length >>> 16;
  to[at + 1] = length >>> 8;
  to[at + 2] = length;
  to[at + 3] = head.type;
  to[at + 4] = head.flags;
  putUint32(to, at + 5, head.id);
}

/** Sets the stream of the frame that begins at `at`. */
export function putStreamId(to: Uint8Array, at: number, id: number): void {
  putUint32(to, at + 5, id);
}

export function putUint32(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
}

/** Reads 31 bits. The highest bit of all such numbers is reserved. */
export function uint31At(from: Uint8Array, at: number): number {
  return (
    (((from[at] ?? 0) & 0x7f) << 24) |
    ((from[at + 1] ?? 0) << 16) |
    ((from[at + 2] ?? 0) << 8) |
    (from[at + 3] ?? 0)
  );
}

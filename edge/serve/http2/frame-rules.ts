import { ConnectionError, ErrorCode, Flag, FrameType, StreamError } from './frames.ts';

/** What the head of a frame must have, by the type of the frame (RFC 9113, 6). */
interface Rule {
  readonly name: string;
  readonly belongsTo: 'stream' | 'connection' | 'either';
  readonly isLength: (length: number) => boolean;
}

const PRIORITY_BYTES = 5;
const anyLength = () => true;

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [FrameType.data, { name: 'DATA', belongsTo: 'stream', isLength: anyLength }],
  [FrameType.headers, { name: 'HEADERS', belongsTo: 'stream', isLength: anyLength }],
  [
    FrameType.priority,
    { name: 'PRIORITY', belongsTo: 'stream', isLength: (length) => length === PRIORITY_BYTES },
  ],
  [FrameType.resetStream, { name: 'RST_STREAM', belongsTo: 'stream', isLength: (length) => length === 4 }],
  [FrameType.settings, { name: 'SETTINGS', belongsTo: 'connection', isLength: (length) => length % 6 === 0 }],
  [FrameType.ping, { name: 'PING', belongsTo: 'connection', isLength: (length) => length === 8 }],
  [FrameType.goAway, { name: 'GOAWAY', belongsTo: 'connection', isLength: (length) => length >= 8 }],
  [
    FrameType.windowUpdate,
    { name: 'WINDOW_UPDATE', belongsTo: 'either', isLength: (length) => length === 4 },
  ],
  [
    FrameType.priorityUpdate,
    { name: 'PRIORITY_UPDATE', belongsTo: 'connection', isLength: (length) => length >= 4 },
  ],
  [FrameType.continuation, { name: 'CONTINUATION', belongsTo: 'stream', isLength: anyLength }],
]);

/** Throws the error that the head of a frame deserves. Frames of unknown types are sound (RFC 9113, 5.5). */
export function checkFrame(type: number, flags: number, id: number, length: number): void {
  if (type === FrameType.pushPromise) throw new ConnectionError(ErrorCode.protocol, 'a client pushes');
  const rule = RULES.get(type);
  if (rule === undefined) return;
  const { name, belongsTo, isLength } = rule;
  if (belongsTo !== 'either' && (id !== 0) !== (belongsTo === 'stream'))
    throw new ConnectionError(ErrorCode.protocol, `${name} belongs to a ${belongsTo}`);
  if (!isLength(length)) {
    // The length of PRIORITY matters to its stream alone (RFC 9113, 6.3).
    if (type === FrameType.priority) throw new StreamError(id, ErrorCode.frameSize, `the length of ${name}`);
    throw new ConnectionError(ErrorCode.frameSize, `the length of ${name}`);
  }
  if (type === FrameType.settings && (flags & Flag.ack) !== 0 && length !== 0)
    throw new ConnectionError(ErrorCode.frameSize, 'SETTINGS that acknowledge have a payload');
}

/**
 * Finds the part of DATA or HEADERS that is neither padding nor priority. Throws `ConnectionError` if the padding is
 * longer than the payload.
 */
export function contentOf(
  type: number,
  flags: number,
  from: Uint8Array,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  if ((flags & (Flag.padded | Flag.priority)) === 0) return { start, end };
  let at = start;
  let padding = 0;
  if ((flags & Flag.padded) !== 0) {
    if (at >= end) throw new ConnectionError(ErrorCode.frameSize, 'the length of the padding is missing');
    padding = from[at++] ?? 0;
  }
  if (type === FrameType.headers && (flags & Flag.priority) !== 0) {
    if (end - at < PRIORITY_BYTES) throw new ConnectionError(ErrorCode.frameSize, 'the priority is cut off');
    at += PRIORITY_BYTES;
  }
  if (padding > end - at) throw new ConnectionError(ErrorCode.protocol, 'more padding than payload');
  return { start: at, end: end - padding };
}

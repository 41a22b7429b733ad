import { Flag, FrameType } from './frames.ts';

/**
 * The states of a connection as the order of frames sees them (RFC 9113, 3.4 and 4.3).
 *
 * | state | SETTINGS | HEADERS, whole | HEADERS, begun | CONTINUATION | CONTINUATION, last | others |
 * | ----- | -------- | -------------- | -------------- | ------------ | ------------------ | ------ |
 * | begun | ready    | ✗              | ✗              | ✗            | ✗                  | ✗      |
 * | ready | ready    | ready          | block          | ✗            | ✗                  | ready  |
 * | block | ✗        | ✗              | ✗              | block        | ready              | ✗      |
 *
 * `begun`: the first frame must be SETTINGS. `block`: nothing may stand between the frames of a header block, which all
 * belong to one stream.
 */
export type ConnectionState = 'begun' | 'ready' | 'block';

type FrameEvent = 'settings' | 'whole' | 'first' | 'next' | 'last' | 'other';

const TABLE: Record<ConnectionState, Partial<Record<FrameEvent, ConnectionState>>> = {
  begun: { settings: 'ready' },
  ready: { settings: 'ready', whole: 'ready', first: 'block', other: 'ready' },
  block: { next: 'block', last: 'ready' },
};

/** The state after a frame. Undefined if the frame may not come now. */
export function stateAfter(state: ConnectionState, type: number, flags: number): ConnectionState | undefined {
  return TABLE[state][eventOf(type, flags)];
}

function eventOf(type: number, flags: number): FrameEvent {
  const isLast = (flags & Flag.endHeaders) !== 0;
  switch (type) {
    case FrameType.settings:
      // An acknowledgement is no preface, but it never comes first from a client that sends its settings.
      return (flags & Flag.ack) === 0 ? 'settings' : 'other';
    case FrameType.headers:
      return isLast ? 'whole' : 'first';
    case FrameType.continuation:
      return isLast ? 'last' : 'next';
    default:
      return 'other';
  }
}

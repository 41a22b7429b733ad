import { ErrorCode } from './frames.ts';

/**
 * The states of a stream as frames of the client see them (RFC 9113, 5.1). Only clients open streams.
 *
 * | state       | HEADERS      | HEADERS, end | DATA         | DATA, end    | RST_STREAM   | WINDOW_UPDATE |
 * | ----------- | ------------ | ------------ | ------------ | ------------ | ------------ | ------------- |
 * | idle        | open         | half-closed  | ✗ connection | ✗ connection | ✗ connection | ✗ connection  |
 * | open        | ✗ stream     | half-closed  | open         | half-closed  | closed       | open          |
 * | half-closed | ✗ stream     | ✗ stream     | ✗ stream     | ✗ stream     | closed       | half-closed   |
 * | reset       | reset        | reset        | reset        | reset        | reset        | reset         |
 * | skipped     | ✗ connection | ✗ connection | ✗ connection | ✗ connection | ✗ connection | ✗ connection  |
 * | closed      | ✗ connection | ✗ connection | ✗ stream     | ✗ stream     | closed       | closed        |
 *
 * `half-closed`: the request is complete. `reset`: this server has reset the stream, and what the client had sent
 * before it knew of that may still arrive. `skipped`: the client has opened a stream with a higher number instead.
 */
export type StreamState = 'idle' | 'open' | 'half-closed' | 'reset' | 'skipped' | 'closed';

export type StreamEvent = 'headers' | 'headers-end' | 'data' | 'data-end' | 'reset-stream' | 'window-update';

export type Transition =
  | { readonly kind: 'next'; readonly state: StreamState }
  | { readonly kind: 'connection-error' | 'stream-error'; readonly code: ErrorCode };

const to = (state: StreamState): Transition => ({ kind: 'next', state });
const OF_IDLE: Transition = { kind: 'connection-error', code: ErrorCode.protocol };
const OF_CLOSED: Transition = { kind: 'connection-error', code: ErrorCode.streamClosed };
const CLOSED: Transition = { kind: 'stream-error', code: ErrorCode.streamClosed };
const UNENDED: Transition = { kind: 'stream-error', code: ErrorCode.protocol };

const always = (transition: Transition): Record<StreamEvent, Transition> => ({
  headers: transition,
  'headers-end': transition,
  data: transition,
  'data-end': transition,
  'reset-stream': transition,
  'window-update': transition,
});

const TABLE: Record<StreamState, Record<StreamEvent, Transition>> = {
  idle: { ...always(OF_IDLE), headers: to('open'), 'headers-end': to('half-closed') },
  open: {
    // Trailers must end the stream (RFC 9113, 8.1).
    headers: UNENDED,
    'headers-end': to('half-closed'),
    data: to('open'),
    'data-end': to('half-closed'),
    'reset-stream': to('closed'),
    'window-update': to('open'),
  },
  'half-closed': { ...always(CLOSED), 'reset-stream': to('closed'), 'window-update': to('half-closed') },
  reset: always(to('reset')),
  skipped: always(OF_IDLE),
  closed: {
    headers: OF_CLOSED,
    'headers-end': OF_CLOSED,
    data: CLOSED,
    'data-end': CLOSED,
    'reset-stream': to('closed'),
    'window-update': to('closed'),
  },
};

export function transition(state: StreamState, event: StreamEvent): Transition {
  return TABLE[state][event];
}

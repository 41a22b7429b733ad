import type { ServerResponse } from 'node:http';

/** Calls `end` when the response is over, because the client has received it or has disconnected. */
export function onceClosed(raw: ServerResponse, end: () => void): void {
  // The client may have disconnected while a hook was waiting. Then there is no further `close` event.
  if (raw.closed) end();
  else raw.once('close', end);
}

/** A signal that aborts when the response is over. */
export function untilClosed(raw: ServerResponse): AbortSignal {
  const closed = new AbortController();
  onceClosed(raw, () => closed.abort());
  return closed.signal;
}

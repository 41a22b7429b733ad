import type { ServerResponse } from 'node:http';

/** Calls `end` when the response is over, because the client has received it or has disconnected. */
export function onceClosed(raw: ServerResponse, end: () => void): void {
  // The client may have disconnected while a hook was waiting. Then there is no further `close` event.
  if (raw.closed) end();
  else raw.once('close', end);
}

/** Made once, because an error costs its stack, and each request with a body has a signal. */
const OVER = new DOMException('the response is over', 'AbortError');

/** A signal that aborts when the response is over. */
export function untilClosed(raw: ServerResponse): AbortSignal {
  const closed = new AbortController();
  onceClosed(raw, () => closed.abort(OVER));
  return closed.signal;
}

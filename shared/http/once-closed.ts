import type { ServerResponse } from 'node:http';

/** Calls `end` when the response is over, because its client took it or has gone. */
export function onceClosed(raw: ServerResponse, end: () => void): void {
  // The client may have left while a hook was waiting. Then no further `close` event comes.
  if (raw.closed) end();
  else raw.once('close', end);
}

/** A signal that aborts when the response is over. */
export function untilClosed(raw: ServerResponse): AbortSignal {
  const closed = new AbortController();
  onceClosed(raw, () => closed.abort());
  return closed.signal;
}

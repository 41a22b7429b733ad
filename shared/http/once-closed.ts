import type { ServerResponse } from 'node:http';

/** Calls `end` when the answer is over: its client took it, or has gone. */
export function onceClosed(raw: ServerResponse, end: () => void): void {
  // A client that left while a hook awaited something closes no second time.
  if (raw.closed) end();
  else raw.once('close', end);
}

/** Aborts then. */
export function untilClosed(raw: ServerResponse): AbortSignal {
  const closed = new AbortController();
  onceClosed(raw, () => closed.abort());
  return closed.signal;
}

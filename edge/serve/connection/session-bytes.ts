import type { Http2Session } from 'node:http2';

/**
 * How many bytes a client may send in addition to its requests: settings, pings, an unread body, an incomplete head.
 */
const BURST_BYTES = 256 * 1024;
/** How many bytes a client may send for each request. A longer head is refused. */
const REQUEST_BYTES = 24 * 1024;
/**
 * A client may send one byte for each 32 bytes that it has received, because clients update their windows: 2 KiB for
 * each 64 KiB of a response, enough for 150 window updates.
 */
const SENT_FOR_ONE = 32;
/** How many bytes a client may send between two checks, for pings while the session is idle. */
const BYTES_A_LOOK = 100;
const LOOK_MS = 100;

/**
 * Ends sessions whose clients send many bytes without requests. nghttp2 also decodes the heads that it refuses, without
 * reporting them, and one byte can stand for a field of several kilobytes.
 */
export class SessionBytes {
  readonly #open = new Map<Http2Session, Seen>();

  /** Regularly checks the sessions until the process ends. */
  watch(): void {
    setInterval(() => this.#look(), LOOK_MS).unref();
  }

  opened(session: Http2Session): void {
    const { bytesRead, bytesWritten } = session.socket;
    this.#open.set(session, { read: bytesRead, sent: bytesWritten, requests: 0, left: BURST_BYTES });
    session.once('close', () => this.#open.delete(session));
  }

  requested(session: Http2Session): void {
    const seen = this.#open.get(session);
    if (seen !== undefined) seen.requests++;
  }

  #look(): void {
    for (const [session, seen] of this.#open) {
      // A destroyed session no longer has a socket, and will soon emit its close event.
      if (session.destroyed) continue;
      const { bytesRead, bytesWritten } = session.socket;
      const left =
        seen.left +
        BYTES_A_LOOK +
        seen.requests * REQUEST_BYTES +
        (bytesWritten - seen.sent) / SENT_FOR_ONE -
        (bytesRead - seen.read);
      if (left < 0) {
        this.#open.delete(session);
        session.destroy();
        continue;
      }
      seen.left = Math.min(BURST_BYTES, left);
      seen.read = bytesRead;
      seen.sent = bytesWritten;
      seen.requests = 0;
    }
  }
}

/** The counts at the last check. */
interface Seen {
  read: number;
  sent: number;
  /** The number of requests since the last check. */
  requests: number;
  left: number;
}

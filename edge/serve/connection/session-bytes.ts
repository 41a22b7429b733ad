import type { Http2Session } from 'node:http2';

/** What a session may send beside its requests: settings, pings, a body that nobody reads, a head under way. */
const BURST_BYTES = 256 * 1024;
/** For each request that begins; a longer head is refused. */
const REQUEST_BYTES = 24 * 1024;
/**
 * A session may send one byte for so many that it was sent, since readers open their windows again and again: for 64 KiB
 * of an answer 2 KiB, which are 150 window updates.
 */
const SENT_FOR_ONE = 32;
/** Pings of a session that lasts. */
const BYTES_A_LOOK = 100;
const LOOK_MS = 100;

/**
 * Heads that a session refuses are decoded all the same, and nobody is told of them: one byte names a field of
 * kilobytes. So who sends much that no request comes of is ended.
 */
export class SessionBytes {
  readonly #open = new Map<Http2Session, Seen>();

  /** Looks again and again, for as long as the process lives. */
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
      // It has no socket any more, and tells soon.
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

/** At the last look. */
interface Seen {
  read: number;
  sent: number;
  /** Since then. */
  requests: number;
  left: number;
}

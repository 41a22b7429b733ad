import { SkerryError } from '../errors.ts';
import { Counts } from '../http/counts.ts';

/**
 * The kinds of requests that a member may have open: content that is sent in one piece, reports, uploads of objects,
 * and everything else that follows the log.
 */
export type RequestKind = 'content' | 'report' | 'upload' | 'follow';

/**
 * The maximum number of open requests of each kind. An edge has 8 connections, and 128 more for requests on which
 * readers wait. Some of these connections may be dead without this server knowing.
 */
const MOST: Record<RequestKind, number> = { content: 192, report: 6, upload: 2, follow: 24 };
/**
 * The maximum number of streams of one member. When a member opens a further stream, its oldest one ends. A few streams
 * are allowed, because this server may still consider an old stream alive after the member has reconnected.
 */
const MOST_STREAMS = 4;
/** The maximum bytes of encoded responses that a member has not received yet. */
const MOST_UNSENT = 128 * 1024 * 1024;

/**
 * Counts and limits the open requests of each member, so that no member uses up the memory and descriptors of the
 * others.
 */
export class MemberRequests {
  readonly #open = new Counts();
  readonly #unsent = new Counts();
  readonly #streams = new Map<string, Set<() => void>>();

  /**
   * Records an open request. The returned function records its end. Throws `too-many-requests` when too many are open.
   */
  begin(member: string, kind: RequestKind): () => void {
    const key = `${kind} ${member}`;
    if (this.#open.of(key) >= MOST[kind])
      throw new SkerryError('too-many-requests', `${member} has ${MOST[kind]} such requests open already`);
    return added(this.#open, key, 1);
  }

  /**
   * Like `begin`, for a response that is sent from memory. A response of any size is admitted when no other is being
   * sent.
   */
  sending(member: string, bytes: number): () => void {
    const unsent = this.#unsent.of(member);
    if (unsent > 0 && unsent + bytes > MOST_UNSENT)
      throw new SkerryError('too-many-requests', `${member} does not read the answers that it asked for`);
    return added(this.#unsent, member, bytes);
  }

  /**
   * Records an open stream. `end` is called when a later stream takes its place. The returned function records its end.
   */
  stream(member: string, end: () => void): () => void {
    const streams = this.#streams.get(member) ?? new Set();
    this.#streams.set(member, streams.add(end));
    const [oldest] = streams;
    if (streams.size > MOST_STREAMS && oldest !== undefined) {
      streams.delete(oldest);
      oldest();
    }
    return () => {
      streams.delete(end);
      if (streams.size === 0 && this.#streams.get(member) === streams) this.#streams.delete(member);
    };
  }
}

/** Adds the amount. The returned function subtracts it again, once. */
function added(counts: Counts, key: string, amount: number): () => void {
  counts.add(key, amount);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    counts.add(key, -amount);
  };
}

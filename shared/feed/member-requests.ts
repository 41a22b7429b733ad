import { SkerryError } from '../errors.ts';
import { Counts } from '../http/counts.ts';

/** What a member has open at a time: content that travels by itself, reports, and all else that follows the log. */
export type RequestKind = 'content' | 'report' | 'follow';

/** An edge has 8 connections and 128 for what readers wait for; some may be dead and not be known to be. */
const MOST: Record<RequestKind, number> = { content: 192, report: 6, follow: 24 };
/** Older streams of a member end: one that comes back may not have been missed yet. */
const MOST_STREAMS = 4;
/** Of encoded answers that a member has not taken yet. */
const MOST_UNSENT = 128 * 1024 * 1024;

/** What each member has open, within its bounds: none takes the memory and descriptors of the others. */
export class MemberRequests {
  readonly #open = new Counts();
  readonly #unsent = new Counts();
  readonly #streams = new Map<string, Set<() => void>>();

  /** The returned function notes its end. Throws `too-many-requests`. */
  begin(member: string, kind: RequestKind): () => void {
    const key = `${kind} ${member}`;
    if (this.#open.of(key) >= MOST[kind])
      throw new SkerryError('too-many-requests', `${member} has ${MOST[kind]} such requests open already`);
    return added(this.#open, key, 1);
  }

  /** As `begin`, of an answer that is about to be sent from memory. One of any size is sent when there is no other. */
  sending(member: string, bytes: number): () => void {
    const unsent = this.#unsent.of(member);
    if (unsent > 0 && unsent + bytes > MOST_UNSENT)
      throw new SkerryError('too-many-requests', `${member} does not take the answers that it has asked for`);
    return added(this.#unsent, member, bytes);
  }

  /** Notes a stream, which `end` ends when later ones take its place; the returned function notes its end. */
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

/** The returned function takes it away again, once. */
function added(counts: Counts, key: string, amount: number): () => void {
  counts.add(key, amount);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    counts.add(key, -amount);
  };
}

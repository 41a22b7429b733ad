import { ConnectionError, ErrorCode, uint31At } from './frames.ts';
import { type Priority, priorityOf } from './priority.ts';

/** Priorities of streams that the client has not opened yet. A client names them just before it opens them. */
const MOST_EARLY = 16;
const ID_BYTES = 4;

export interface PriorityUpdate {
  readonly id: number;
  readonly priority: Priority;
}

/** Reads the payload of PRIORITY_UPDATE (RFC 9218, 7.1). */
export function priorityUpdate(from: Buffer, start: number, end: number): PriorityUpdate {
  const id = uint31At(from, start);
  // Only clients open streams here, so a stream with an even number is always idle.
  if (id === 0 || (id & 1) === 0)
    throw new ConnectionError(ErrorCode.protocol, 'the priority of a stream that no client opens');
  return { id, priority: priorityOf(from.toString('latin1', start + ID_BYTES, end)) };
}

/** Keeps the priorities that arrive before their streams. */
export class EarlyPriorities {
  readonly #of = new Map<number, Priority>();

  note({ id, priority }: PriorityUpdate): void {
    this.#of.set(id, priority);
    if (this.#of.size <= MOST_EARLY) return;
    const [earliest = 0] = this.#of.keys();
    this.#of.delete(earliest);
  }

  /** Takes the priority of a stream that is opened. */
  take(id: number): Priority | undefined {
    const priority = this.#of.get(id);
    if (priority !== undefined) this.#of.delete(id);
    return priority;
  }
}

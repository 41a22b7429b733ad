import type { TimedEvent } from '../../shared/wire/event.ts';
import { isAct } from '../../shared/wire/event-kinds.ts';

/**
 * Events that wait to be stored, `most` at most. When the queue is full, it drops the oldest event that is not an act,
 * or the oldest act if all are acts.
 */
export class EventQueue {
  readonly #most: number;
  readonly #waiting: TimedEvent[] = [];
  /** Counts the events that were dropped since the last batch was taken. */
  #dropped = { news: 0, acts: 0 };

  constructor(most: number) {
    this.#most = most;
  }

  add(event: TimedEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length <= this.#most) return;
    const oldestNews = this.#waiting.findIndex(({ kind }) => !isAct(kind));
    this.#waiting.splice(Math.max(oldestNews, 0), 1);
    this.#dropped[oldestNews < 0 ? 'acts' : 'news']++;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Removes and returns all events. If some were dropped before them, one event says so. */
  take(time: number): TimedEvent[] {
    const batch = this.#waiting.splice(0);
    const { news, acts } = this.#dropped;
    if (news + acts === 0) return batch;
    this.#dropped = { news: 0, acts: 0 };
    const cause = 'more happened than could be stored';
    return [{ kind: 'events-dropped', time, cause, what: { news, acts } }, ...batch];
  }
}

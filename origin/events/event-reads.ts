import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { caller } from '../callers/caller.ts';
import type { EventCalls, EventCursor, EventFilter, EventPage } from '../catalog/event-calls.ts';

/** The maximum number of pages that one request searches for events that pass its filter. */
const MOST_PAGES = 25;
const FOLLOWED_PAGE = 200;
/** The maximum number of pages that followers share at a time. Other followers read their own pages. */
const MOST_SHARED = 16;
/** The longest pause between two pages of a follower. */
const QUIET_MS = 15_000;
/** After some events a follower rests, so that a burst costs a few pages and not one for each event. */
const REST_MS = 100;

export interface EventReadsOptions {
  readonly catalog: Pick<Remote<EventCalls>, 'events' | 'newestEvent'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Wakes when events have been stored. */
  readonly stored: WakeupSource;
}

/** Reads events in pages, and follows them. */
export class EventReads {
  readonly #options: EventReadsOptions;
  /**
   * The pages that are being read for followers at the end of the events, by the id after which each page begins. All
   * followers at the same place share a page.
   */
  #shared = new Map<number, Promise<EventPage>>();

  constructor(options: EventReadsOptions) {
    this.#options = options;
    options.stored.always(() => {
      this.#shared = new Map();
    });
  }

  newest(): Promise<number> {
    return this.#options.catalog.newestEvent();
  }

  /** Reads on until a page has a matching event, or `MOST_PAGES` pages have been read. */
  async page(cursor: EventCursor, filter: EventFilter, limit: number): Promise<EventPage> {
    const { catalog } = this.#options;
    let page = await catalog.events(cursor, filter, limit);
    for (let i = 1; i < MOST_PAGES && page.more && page.events.length === 0; i++)
      page = await catalog.events(
        'after' in cursor ? { after: page.next } : { before: page.next },
        filter,
        limit,
      );
    return page;
  }

  /**
   * All events after an id, in pages as they are stored, until the signal aborts. A page may be empty. The first page
   * is always empty, and says where the events begin. The events are read as fast as the caller takes the pages, so a
   * slow caller costs no memory.
   */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<EventPage> {
    // After an older copy of the origin was restored, the ids that a follower knows may be ahead of it.
    let from = Math.min(after, await this.newest());
    yield { events: [], next: from, more: true };
    let woken: Promise<void> | undefined;
    while (!signal.aborted) {
      // The wait begins before the read, so that no event is missed in between. One wait may last over several pages.
      woken ??= this.#options.stored.wait(QUIET_MS, signal);
      const page = await this.#followed(from);
      from = page.next;
      yield page;
      if (page.more) continue;
      await woken;
      woken = undefined;
      if (page.events.length > 0) await this.#options.clock.sleep(REST_MS, signal).catch(() => {});
    }
  }

  #followed(from: number): Promise<EventPage> {
    const shared = this.#shared.get(from);
    if (shared !== undefined) return shared;
    const { catalog } = this.#options;
    const kept = this.#shared;
    const read = caller.run({ name: 'followers of events' }, () =>
      catalog.events({ after: from }, {}, FOLLOWED_PAGE),
    );
    // Ids have gaps, so followers near the end could read from very many different places.
    if (kept.size >= MOST_SHARED) return read;
    kept.set(from, read);
    // A full page belongs to a follower that is behind, at a place of its own.
    const forget = () => kept.delete(from);
    read.then(({ more }) => more && forget(), forget);
    return read;
  }
}

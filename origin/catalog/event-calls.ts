import type { Event, TimedEvent } from '../../shared/wire/event.ts';

/** The events that a reader wants to see. A field that is left out does not limit them. */
export interface EventFilter {
  /** Acts only. */
  readonly acts?: boolean;
  readonly kinds?: readonly string[];
  readonly edge?: string;
  /** Events of these sites only, and none without a site. */
  readonly sites?: readonly string[];
}

/** Events after an id, ascending, or before one, descending. */
export type EventCursor = { readonly after: number } | { readonly before: number };

export interface EventPage {
  readonly events: readonly Event[];
  /** The last id that was examined. The next page begins after it. If there were no events, it is the given id. */
  readonly next: number;
  /** Whether the page ended before the stored events did. */
  readonly more: boolean;
}

export interface EventCalls {
  /**
   * Stores the events in their order, with ids that were never used before. A reader that has read an event has also
   * read all events with lower ids, because none of those appears later.
   */
  addEvents(events: readonly TimedEvent[]): void;
  /**
   * Up to `limit` events that pass the filter. It examines a limited number of events, so a page may be empty although
   * there are more. A page ends early at a megabyte.
   */
  events(cursor: EventCursor, filter: EventFilter, limit: number): EventPage;
  /** The id of the newest event that was ever stored. 0 before the first. */
  newestEvent(): number;
  /**
   * Drops up to `limit` events beyond the limits of `KEPT_EVENTS`, the oldest first. When there are too many, the site
   * with the most events loses its own. Returns the number of dropped events.
   */
  dropEvents(time: number, limit: number): number;
}

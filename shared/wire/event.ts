import { type Static, Type } from 'typebox';
import { NAME_PATTERN } from '../site/name-pattern.ts';
import { nameSchema } from '../site/names.ts';
import type { EventKind } from './event-kinds.ts';

/** The caller who asked for an act. An edge that joins has only an address. */
const actorSchema = Type.Object({
  token: Type.Optional(
    Type.String({ description: 'The id of the API token, as `skerry token list` shows it.' }),
  ),
  scope: Type.Optional(Type.String({ description: 'The scope of the token.' })),
  address: Type.Optional(Type.String({ description: 'The address that the request came from.' })),
});
export type Actor = Static<typeof actorSchema>;

export const eventSchema = Type.Object({
  id: Type.Integer({ description: 'Ascending. No id is ever used twice, and numbers may be left out.' }),
  time: Type.Integer({ description: 'In milliseconds since 1970.' }),
  kind: Type.String({ pattern: NAME_PATTERN, description: 'Later versions have further kinds.' }),
  site: Type.Optional(nameSchema),
  edge: Type.Optional(nameSchema),
  task: Type.Optional(Type.Integer({ description: 'The number of a task.' })),
  cause: Type.Union([Type.String(), actorSchema], {
    description: 'Why it happened, as a short sentence; of an act, who asked for it.',
  }),
  what: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Its details. Long values are cut and are then texts that end with `…`.',
  }),
});
export type Event = Static<typeof eventSchema>;

/**
 * An event before the origin has numbered it. Everyone who may read a site may also read its events, so an event of one
 * site must not mention other sites. `what` is plain JSON without secrets.
 */
export interface NewEvent extends Omit<Event, 'id' | 'time' | 'kind'> {
  readonly kind: EventKind;
}

/** An event that waits to be stored. */
export interface TimedEvent extends NewEvent {
  readonly time: number;
}

/**
 * GET /v1/events and /v1/audit: events after an id in ascending order, or before one in descending order; without
 * either, the newest ones in descending order.
 */
export const eventPageSchema = Type.Object({
  events: Type.Array(eventSchema),
  next: Type.Integer({ description: 'Where the next page begins: give it as `after` or `before`.' }),
  more: Type.Boolean({
    description:
      'Whether the page ended before the stored events did. A page may be empty and have a next one.',
  }),
});
export type EventPage = Static<typeof eventPageSchema>;

/** The media type of a stream of server-sent events. */
export const EVENT_STREAM_TYPE = 'text/event-stream';

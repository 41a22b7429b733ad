import { systemClock } from '../../shared/clock.ts';
import { backoffDelay } from '../../shared/concurrency/retry.ts';
import { type ErrorCode, SkerryError } from '../../shared/errors.ts';
import { lines } from '../../shared/json/lines.ts';
import { schema } from '../../shared/json/schema.ts';
import {
  EVENT_STREAM_TYPE,
  type Event,
  type EventPage,
  eventPageSchema,
  eventSchema,
} from '../../shared/wire/event.ts';
import type { ApiClient } from './api-client.ts';

/** All events, or acts only. */
export type EventList = 'events' | 'audit';

/** A filter for events. Fields that are left out do not limit what is shown. */
export interface EventQuery {
  readonly kind?: string | undefined;
  readonly site?: string | undefined;
  readonly edge?: string | undefined;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
}

const answers = { page: schema(eventPageSchema), event: schema(eventSchema) };
/** An event has at most some kilobytes. */
const MAX_LINE = 256 * 1024;
/** The origin sends something at least every 15 seconds to show that a stream is alive. */
const SILENT_MS = 45_000;
const BACKOFF = { first: 500, most: 5000 };
/** Temporary refusals. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'origin-unreachable',
  'unavailable',
  'proxy-refused',
  'too-many-requests',
]);

export function readEvents(client: ApiClient, list: EventList, query: EventQuery): Promise<EventPage> {
  return client.ask('GET', pathOf(list, query), answers.page);
}

export interface Following {
  readonly signal: AbortSignal;
  /** Called when the stream has ended. The client connects again and gets the events that it missed. */
  readonly lost: () => void;
}

/**
 * The events after `after`, as they happen. Throws when the first stream cannot begin. When a stream ends later, the
 * client connects again. No event is yielded twice.
 */
export async function* followEvents(
  client: ApiClient,
  list: EventList,
  { after, ...query }: EventQuery & { readonly after: number },
  { signal, lost }: Following,
): AsyncGenerator<Event> {
  let last = after;
  let failures = 0;
  for (let isFirst = true; ; isFirst = false) {
    const silence = new Silence();
    try {
      const until = AbortSignal.any([signal, silence.signal]);
      const body = await client.stream(
        pathOf(list, query),
        { accept: EVENT_STREAM_TYPE, 'last-event-id': String(last) },
        until,
      );
      isFirst = false;
      silence.broken();
      for await (const line of lines(body, MAX_LINE)) {
        failures = 0;
        silence.broken();
        const [, field, value = ''] = /^(id|data): (.*)$/.exec(line) ?? [];
        // An id comes after its event, so an event that was cut off comes again. A lower id shows that the origin was
        // restored from an older copy and assigns ids again.
        if (field === 'id') last = Number(value) || 0;
        if (field !== 'data') continue;
        const event = answers.event.parseText(value, 'upstream-protocol');
        if (event.id <= last) continue;
        last = event.id;
        yield event;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isFirst || (error instanceof SkerryError && !PASSING.has(error.code))) throw error;
    } finally {
      silence.end();
    }
    lost();
    await systemClock.sleep(backoffDelay(failures++, BACKOFF), signal);
  }
}

/** Aborts when no data has arrived for a while. */
class Silence {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), SILENT_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function pathOf(list: EventList, query: EventQuery): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parts.set(name, String(value));
  return `/v1/${list}?${parts}`;
}

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import { untilClosed } from '../../shared/http/once-closed.ts';
import { EVENT_STREAM_TYPE, type Event } from '../../shared/wire/event.ts';
import type { EventPage } from '../catalog/event-calls.ts';

/** The maximum time without data on a stream. */
const BEAT_MS = 15_000;
/**
 * The origin ends a stream when its client reads nothing for this long. The client may connect again with the last id
 * that it got.
 */
const SLOW_MS = 30_000;
/** A client waits this long before it connects again. */
const RETRY_MS = 2000;

export interface EventStream {
  readonly pages: AsyncIterable<EventPage>;
  /** The part of the event that the reader may see, or undefined. */
  readonly shown: (event: Event) => Event | undefined;
  /** Whether the reader may still read. Called at intervals, and after a token was revoked. */
  readonly mayGoOn: () => Promise<boolean>;
  readonly clock: Clock;
}

/**
 * Sends events as server-sent events until the pages end, the client disconnects, or the client may no longer read. The
 * caller destroys a response that has not ended. Events that a slow client has not read yet stay in the catalog.
 */
export async function sendEvents(raw: ServerResponse, { pages, shown, mayGoOn, clock }: EventStream) {
  const gone = untilClosed(raw);
  raw.writeHead(200, {
    'content-type': EVENT_STREAM_TYPE,
    'cache-control': 'no-store',
    // Without this header, nginx would buffer events until a page of them is full.
    'x-accel-buffering': 'no',
  });
  const send = async (text: string) => raw.write(text) || (await isTaken(raw, clock, gone));
  // The first page says where the stream begins. After an older copy of the origin was restored, that is before the
  // last id that the client knows.
  const told = { at: Number.NEGATIVE_INFINITY };
  const checked = { at: clock.monotonic() };
  const isDue = (last: { readonly at: number }) => clock.monotonic() - last.at >= BEAT_MS;

  if (!(await send(`retry: ${RETRY_MS}\n\n`))) return;
  for await (const { events, next } of pages) {
    if (isDue(checked) || events.some(({ kind }) => kind === 'token-revoke')) {
      if (!(await mayGoOn())) break;
      checked.at = clock.monotonic();
    }
    for (const event of events) {
      const visible = shown(event);
      if (visible === undefined) continue;
      if (!(await send(`data: ${JSON.stringify(visible)}\nid: ${event.id}\n\n`))) return;
      told.at = clock.monotonic();
    }
    if (isDue(told)) {
      // An id without data sets the place from which the client continues, without an event.
      if (!(await send(`: quiet\nid: ${next}\n\n`))) return;
      told.at = clock.monotonic();
    }
  }
  raw.end();
}

/** Whether the client reads the buffered data in time. */
async function isTaken(raw: ServerResponse, clock: Clock, gone: AbortSignal): Promise<boolean> {
  const done = new AbortController();
  const signal = AbortSignal.any([gone, done.signal]);
  const drained = once(raw, 'drain', { signal }).then(
    () => true,
    () => false,
  );
  const late = clock.sleep(SLOW_MS, signal).then(
    () => false,
    () => false,
  );
  const isInTime = await Promise.race([drained, late]);
  done.abort();
  return isInTime;
}

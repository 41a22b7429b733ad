import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import type { WakeupSource } from '../../../shared/concurrency/wakeup.ts';
import type { Remote } from '../../../shared/process/thread.ts';
import type { Event } from '../../../shared/wire/event.ts';
import type { Webhook } from '../../../shared/wire/webhook.ts';
import type { EventFilter } from '../../catalog/event-calls.ts';
import type { StoredWebhook, WebhookCalls } from '../../catalog/webhook-calls.ts';
import type { EventReads } from '../event-reads.ts';
import type { EventNotes } from '../events.ts';
import type { Post } from './post.ts';
import { signedHeaders } from './signature.ts';

const PAGE = 20;
const QUIET_MS = 60_000;
const BACKOFF = { first: 2000, most: 10 * 60_000 };
/** An event older than this is sent once more and then given up, so that newer events get their turn. */
const GIVEN_UP_MS = 24 * 3_600_000;
/**
 * The minimum time between two saves of the place. After a crash, events that were delivered since the last save are
 * delivered again.
 */
const STORE_MS = 1000;
/** When a receiver has failed this many times, an event reports the fault. */
const TOLD_AFTER = 5;
/** One event counts all events that were given up within this time. */
const TELL_AGAIN_MS = 3_600_000;

export interface DeliveryParts {
  readonly catalog: Pick<Remote<WebhookCalls>, 'moveWebhook'>;
  readonly events: Pick<EventReads, 'page'>;
  readonly stored: WakeupSource;
  readonly notes: EventNotes;
  readonly post: Pick<Post, 'send'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Delivers events to one receiver, each at least once and in their order. */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #webhook: StoredWebhook;
  #cursor: number;
  #stored: { readonly cursor: number; readonly at: number };
  #failing: Webhook['failing'] = null;
  #attempts = { done: 0, failed: 0 };
  #givenUp = { count: 0, last: 0, toldAt: Number.NEGATIVE_INFINITY };

  constructor(webhook: StoredWebhook, parts: DeliveryParts) {
    this.#webhook = webhook;
    this.#parts = parts;
    this.#cursor = webhook.cursor;
    this.#stored = { cursor: webhook.cursor, at: parts.clock.monotonic() };
  }

  get state(): Pick<Webhook, 'delivered' | 'failing'> {
    return { delivered: this.#cursor, failing: this.#failing };
  }

  /** How many attempts the receiver has accepted, and how many have failed, since this delivery began. */
  get attempts(): { readonly done: number; readonly failed: number } {
    return { ...this.#attempts };
  }

  /** Delivers until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { events, stored, clock, log } = this.#parts;
    const filter = filterOf(this.#webhook);
    let woken: Promise<void> | undefined;
    while (!signal.aborted) {
      try {
        // One wait may last over several pages. Otherwise a delivery that is far behind would accumulate waits.
        woken ??= stored.wait(QUIET_MS, signal);
        const page = await events.page({ after: this.#cursor }, filter, PAGE);
        for (const event of page.events) {
          await this.#deliver(event, signal);
          await this.#move(event.id);
        }
        await this.#move(page.next);
        if (page.more) continue;
        // Other events only move the place, which `#move` stores now and then.
        if (page.events.length > 0) await this.#store();
        await woken;
        woken = undefined;
      } catch (error) {
        if (signal.aborted) break;
        log.error({ err: error, webhook: this.#webhook.name }, 'events could not be delivered');
        await clock.sleep(BACKOFF.first, signal).catch(() => {});
      }
    }
    await this.#store().catch(() => {});
  }

  /** Ends when the receiver has accepted the event, or the event is given up. Throws when the signal aborts. */
  async #deliver(event: Event, signal: AbortSignal): Promise<void> {
    if (isAboutItself(event, this.#webhook)) return;
    const { post, clock } = this.#parts;
    const { url, secret } = this.#webhook;
    const message = messageOf(event);
    for (;;) {
      const headers = signedHeaders(secret, { ...message, time: clock.now() });
      const fault = await post.send(url, message.body, headers, signal);
      if (fault === undefined) {
        this.#failing = null;
        this.#attempts.done++;
        return;
      }
      const attempts = this.#noteFault(fault, event);
      const isGivenUp = clock.now() - event.time >= GIVEN_UP_MS;
      if (isGivenUp) this.#giveUp(event, fault);
      await clock.sleep(backoffDelay(attempts - 1, BACKOFF), signal);
      if (isGivenUp) return;
    }
  }

  #noteFault(fault: string, { id }: Event): number {
    this.#attempts.failed++;
    const { clock, notes } = this.#parts;
    const { since = clock.now(), attempts = 0 } = this.#failing ?? {};
    this.#failing = { since, attempts: attempts + 1, fault };
    if (this.#failing.attempts === TOLD_AFTER)
      notes.note({
        kind: 'webhook-failing',
        cause: fault,
        what: { webhook: this.#webhook.name, event: id, attempts: TOLD_AFTER },
      });
    return this.#failing.attempts;
  }

  #giveUp({ id }: Event, fault: string): void {
    const { clock, notes } = this.#parts;
    const { count, toldAt } = this.#givenUp;
    this.#givenUp = { count: count + 1, last: id, toldAt };
    if (clock.monotonic() - toldAt < TELL_AGAIN_MS) return;
    notes.note({
      kind: 'webhook-gave-up',
      cause: fault,
      what: { webhook: this.#webhook.name, events: count + 1, last: id },
    });
    this.#givenUp = { count: 0, last: id, toldAt: clock.monotonic() };
  }

  async #move(cursor: number): Promise<void> {
    this.#cursor = Math.max(this.#cursor, cursor);
    if (this.#parts.clock.monotonic() - this.#stored.at >= STORE_MS) await this.#store();
  }

  async #store(): Promise<void> {
    const { catalog, clock } = this.#parts;
    const cursor = this.#cursor;
    if (cursor === this.#stored.cursor) return;
    await catalog.moveWebhook(this.#webhook.id, cursor);
    this.#stored = { cursor, at: clock.monotonic() };
  }
}

function filterOf({ kinds, site }: StoredWebhook): EventFilter {
  return { ...(kinds !== null && { kinds }), ...(site !== null && { sites: [site] }) };
}

/** A failing receiver gets no events about its own failures, because each failure would be one more event for it. */
function isAboutItself({ kind, what }: Event, { name }: StoredWebhook): boolean {
  return (kind === 'webhook-failing' || kind === 'webhook-gave-up') && what.webhook === name;
}

/**
 * The id of the message contains the time, because ids of events are assigned again after an older copy is restored.
 */
function messageOf(event: Event): { readonly id: string; readonly body: string } {
  const { id, time, kind } = event;
  return {
    id: `evt_${id}_${time}`,
    body: JSON.stringify({ type: kind, timestamp: new Date(time).toISOString(), data: event }),
  };
}

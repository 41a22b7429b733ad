import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Wakeup, type WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { NewEvent, TimedEvent } from '../../shared/wire/event.ts';
import { caller } from '../callers/caller.ts';
import { shortened } from '../callers/shortened.ts';
import type { EventCalls } from '../catalog/event-calls.ts';
import { EventQueue } from './event-queue.ts';

/** The maximum number of events that wait while the catalog stores others, or fails. */
const MOST_WAITING = 2000;
const RETRY_MS = 1000;
const MOST_CAUSE = 500;

/** The parts of the origin note events through this interface. */
export interface EventNotes {
  /** Returns at once. The event is durable soon after. When too many events wait, acts are dropped last. */
  note(event: NewEvent): void;
}

export interface EventsOptions {
  readonly catalog: Pick<Remote<EventCalls>, 'addEvents'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Stores events in the background, in the order in which they were noted. Those that are noted while a batch is stored
 * become the next batch.
 */
export class Events implements EventNotes {
  readonly #stored = new Wakeup();
  readonly #options: EventsOptions;
  readonly #queue = new EventQueue(MOST_WAITING);
  readonly #closing = new AbortController();
  #storing: Promise<void> | undefined;
  /**
   * Each promise resolves after the attempt to store its batch: the batch that is being stored, or the one that waits.
   */
  #current = Promise.withResolvers<void>();
  #next = Promise.withResolvers<void>();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Wakes when events have been stored. */
  get stored(): WakeupSource {
    return this.#stored;
  }

  note({ cause, what, ...event }: NewEvent): void {
    const time = this.#options.clock.now();
    this.#queue.add({
      ...event,
      time,
      cause: typeof cause === 'string' ? cause.slice(0, MOST_CAUSE) : cause,
      what: shortened(what),
    });
    this.#storing ??= caller.run({ name: 'events' }, () => this.#store());
  }

  /** Resolves when everything that was noted is durable, or the first attempt to store it has failed. */
  async tried(): Promise<void> {
    if (this.#storing !== undefined) await (this.#queue.isEmpty ? this.#current : this.#next).promise;
  }

  /** Stores the noted events. After a failure it tries once more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#storing;
  }

  async #store(): Promise<void> {
    for (;;) {
      const batch = this.#queue.take(this.#options.clock.now());
      if (batch.length === 0) break;
      this.#current = this.#next;
      this.#next = Promise.withResolvers<void>();
      if (!(await this.#storeBatch(batch))) break;
      this.#current.resolve();
      this.#stored.wake();
    }
    this.#storing = undefined;
  }

  /**
   * False when the origin closes and the catalog fails. A batch is stored once, because a failed call changes nothing.
   */
  async #storeBatch(batch: readonly TimedEvent[]): Promise<boolean> {
    const { catalog, clock, log } = this.#options;
    for (;;) {
      const { aborted } = this.#closing.signal;
      try {
        await catalog.addEvents(batch);
        return true;
      } catch (error) {
        log.error({ err: error, events: batch.length }, 'events could not be stored');
        // If the catalog fails, no caller keeps waiting, neither for this batch nor for the next one.
        this.#current.resolve();
        this.#next.resolve();
        this.#next = Promise.withResolvers<void>();
        if (aborted) return false;
        await clock.sleep(RETRY_MS, this.#closing.signal).catch(() => {});
      }
    }
  }
}

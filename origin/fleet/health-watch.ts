import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { Event, NewEvent } from '../../shared/wire/event.ts';
import type { EventReads } from '../events/event-reads.ts';
import { HEALTH_KINDS, type Told, tell, toldBy } from './health-events-state.ts';
import type { Health } from './health-state.ts';

const LOOK_MS = 5000;
/** After a restart of the origin, its edges connect again within this time. */
const RETURN_MS = 15_000;
const PAGE = 1000;
/** At most this many pages of events are read at the start. */
const MOST_PAGES = 5;

export interface HealthWatchParts {
  readonly judged: () => Promise<ReadonlyMap<string, Health>>;
  /** The known states of edges that have no stored event. */
  readonly before: ReadonlyMap<string, Told>;
  readonly events: Pick<EventReads, 'page'>;
  readonly note: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Notes an event whenever the health of an edge changes, until the signal aborts. It continues from the events of the
 * previous process, so that a restart of the origin causes no events about its edges.
 */
export async function watchHealth(
  { judged, before, events, note, clock, log }: HealthWatchParts,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {});
  let told: Map<string, Told> | undefined;
  await pause(RETURN_MS);
  while (!signal.aborted) {
    try {
      told ??= new Map([...before, ...toldBy(await pastEvents(events))]);
      for (const [edge, health] of await judged()) {
        const telling = tell(told.get(edge), edge, health, clock.now());
        told.set(edge, telling.told);
        if (telling.event !== undefined) note(telling.event);
      }
    } catch (err) {
      if (!signal.aborted)
        log.error({ err }, 'the health of edges could not be watched; the origin tries again');
    }
    await pause(LOOK_MS);
  }
}

/** The newest events about the health of edges, newest first. */
async function pastEvents(events: HealthWatchParts['events']): Promise<Event[]> {
  const past: Event[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (let i = 0; i < MOST_PAGES; i++) {
    const page = await events.page({ before }, { kinds: HEALTH_KINDS }, PAGE);
    past.push(...page.events);
    if (!page.more) break;
    before = page.next;
  }
  return past;
}

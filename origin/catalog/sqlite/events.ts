import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { Event } from '../../../shared/wire/event.ts';
import { isAct } from '../../../shared/wire/event-kinds.ts';
import type { EventCalls, EventCursor, EventFilter } from '../event-calls.ts';
import { KEPT_EVENTS } from '../limits.ts';
import type { CatalogContext } from './context.ts';

/** The maximum number of events that one page examines. Reading them takes some milliseconds. */
const MOST_SEEN = 2000;
/** The maximum number of characters of the events of one page. */
const PAGE_CHARACTERS = 1024 * 1024;

export function eventCalls({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): EventCalls {
  /** The oldest events that are too old, `limit` at most. */
  function dropOld(act: 0 | 1, before: number, limit: number): number {
    const { changes } = sql(
      `DELETE FROM event WHERE id IN (SELECT id FROM event WHERE act = ? ORDER BY id LIMIT ?) AND time < ?`,
    ).run(act, limit, before);
    return Number(changes);
  }

  /**
   * A site with many events loses its own events, not those of other sites. Events without a site are those of
   * administrators and of the origin. Half of the room is reserved for them.
   */
  function dropMany(act: 0 | 1, most: number, limit: number): number {
    const surplus = Number(sql('SELECT count(*) AS count FROM event WHERE act = ?').get(act)?.count) - most;
    if (surplus <= 0) return 0;
    const [owner, next] = sql(
      `SELECT site, count(*) AS count FROM event WHERE act = :act GROUP BY site
       HAVING site IS NOT NULL OR count(*) > :room ORDER BY count DESC LIMIT 2`,
    ).all({ act, room: most / 2 });
    if (owner === undefined) return 0;
    const lead = Math.max(1, Number(owner.count) - Number(next?.count ?? 0));
    const { changes } = sql(
      `DELETE FROM event WHERE id IN (SELECT id FROM event WHERE act = ? AND site IS ? ORDER BY id LIMIT ?)`,
    ).run(act, owner.site ?? null, Math.min(limit, surplus, lead));
    return Number(changes);
  }

  return {
    addEvents(events) {
      transaction(database, () => {
        const add = sql('INSERT INTO event (time, kind, act, site, edge, detail) VALUES (?, ?, ?, ?, ?, ?)');
        for (const { time, kind, site, edge, ...detail } of events)
          add.run(time, kind, isAct(kind) ? 1 : 0, site ?? null, edge ?? null, JSON.stringify(detail));
      });
    },

    events(cursor, filter, limit) {
      const seen = seenBy(cursor, filter);
      const end = sql(`SELECT ${seen.last}(id) AS id, count(*) AS count FROM (${seen.text})`).get({
        from: seen.from,
      });
      const rows = sql(
        `SELECT * FROM (${seen.text}) WHERE (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) AND (:edge IS NULL OR edge = :edge)
           AND (:sites IS NULL OR site IN (SELECT value FROM json_each(:sites)))
         ORDER BY id ${seen.order} LIMIT :limit`,
      ).iterate({
        from: seen.from,
        kinds: filter.kinds === undefined ? null : JSON.stringify(filter.kinds),
        edge: filter.edge ?? null,
        sites: filter.sites === undefined ? null : JSON.stringify(filter.sites),
        limit,
      });
      const events: Event[] = [];
      let characters = 0;
      for (const row of rows) {
        const event = toEvent(row);
        events.push(event);
        characters += String(row.detail).length;
        if (events.length === limit || characters >= PAGE_CHARACTERS)
          return { events, next: event.id, more: true };
      }
      return { events, next: Number(end?.id ?? seen.from), more: end?.count === MOST_SEEN };
    },

    newestEvent: () => Number(sql("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get()?.seq ?? 0),

    dropEvents: (time, limit) =>
      transaction(database, () => {
        let dropped = 0;
        for (const [act, { most, ms }] of [
          [0, KEPT_EVENTS.news],
          [1, KEPT_EVENTS.acts],
        ] as const) {
          dropped += dropOld(act, time - ms, limit - dropped);
          dropped += dropMany(act, most, limit - dropped);
        }
        return dropped;
      }),
  };
}

/** The query for the events that one page examines. */
function seenBy(cursor: EventCursor, { acts = false }: EventFilter) {
  const [compare, order, last, from] =
    'after' in cursor ? ['>', 'ASC', 'max', cursor.after] : ['<', 'DESC', 'min', cursor.before];
  const text = `SELECT * FROM event WHERE id ${compare} :from ${acts ? 'AND act = 1' : ''} ORDER BY id ${order} LIMIT ${MOST_SEEN}`;
  return { text, order, last, from };
}

function toEvent({ id, time, kind, site, edge, detail }: Row): Event {
  const { task, cause, what } = JSON.parse(String(detail)) as Pick<Event, 'task' | 'cause' | 'what'>;
  return {
    id: Number(id),
    time: Number(time),
    kind: String(kind),
    ...(site !== null && { site: String(site) }),
    ...(edge !== null && { edge: String(edge) }),
    ...(task !== undefined && { task }),
    cause,
    what,
  };
}

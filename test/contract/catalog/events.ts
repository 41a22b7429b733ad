import t from 'tap';
import { KEPT_EVENTS } from '../../../origin/catalog/limits.ts';
import type { TimedEvent } from '../../../shared/wire/event.ts';
import { certified, key, LOG, type Theme } from './harness.ts';

const news = (time: number, of: Partial<TimedEvent> = {}): TimedEvent => ({
  ...{ kind: 'events-dropped', time, cause: 'a test', what: {} },
  ...of,
});
const act = (time: number, of: Partial<TimedEvent> = {}): TimedEvent =>
  news(time, { kind: 'publish', cause: { token: 'abc', scope: 'admin' }, ...of });

export function eventsContract({ name, place, suite }: Theme): void {
  suite('events are numbered in their order and read in pages', async (t, catalog) => {
    t.equal(await catalog.newestEvent(), 0);
    t.strictSame(await catalog.events({ after: 0 }, {}, 10), { events: [], next: 0, more: false });
    await catalog.addEvents([act(1, { site: 'one', what: { paths: ['/ö'], nil: null } }), news(2)]);
    await catalog.addEvents([news(3, { site: 'two', edge: 'oslo', task: 7 })]);
    const { events, ...page } = await catalog.events({ after: 0 }, {}, 10);
    t.strictSame(page, { next: events[2]?.id, more: false });
    t.equal(await catalog.newestEvent(), events[2]?.id);
    t.strictSame(
      events.map(({ id, ...event }) => event),
      [
        act(1, { site: 'one', what: { paths: ['/ö'], nil: null } }),
        news(2),
        news(3, { site: 'two', edge: 'oslo', task: 7 }),
      ],
    );
    const ids = events.map(({ id }) => id);
    t.strictSame(
      ids,
      [...ids].sort((a, b) => a - b),
    );

    const first = await catalog.events({ after: 0 }, {}, 2);
    t.match(first, { events: events.slice(0, 2), next: ids[1], more: true });
    t.match(await catalog.events({ after: first.next }, {}, 2), { events: [events[2]], more: false });
    const newest = await catalog.events({ before: Number.MAX_SAFE_INTEGER }, {}, 2);
    t.match(newest, { events: [events[2], events[1]], next: ids[1], more: true });
    t.match(await catalog.events({ before: newest.next }, {}, 2), { events: [events[0]], more: false });
  });

  suite('a filter leaves out what it does not name', async (t, catalog) => {
    await catalog.addEvents([
      act(1, { site: 'one' }),
      news(2, { site: 'two', edge: 'oslo' }),
      act(3, { kind: 'edge-join', edge: 'oslo' }),
      news(4),
      act(5, { kind: 'purge', site: 'two' }),
    ]);
    const times = async (filter: Parameters<typeof catalog.events>[1]) =>
      (await catalog.events({ after: 0 }, filter, 10)).events.map(({ time }) => time);
    t.strictSame(await times({ acts: true }), [1, 3, 5]);
    t.strictSame(await times({ kinds: ['purge'] }), [5]);
    t.strictSame(await times({ edge: 'oslo' }), [2, 3]);
    t.strictSame(await times({ sites: ['one', 'two', 'none'] }), [1, 2, 5]);
    t.strictSame(await times({ sites: ['two'], acts: true }), [5]);
    t.strictSame(await times({ sites: [] }), []);
    const { next } = await catalog.events({ after: 0 }, { kinds: ['none'] }, 10);
    t.equal(next, await catalog.newestEvent(), 'a follower need not look at the same events again');
  });

  suite('a page looks at a bounded number of events', async (t, catalog) => {
    await catalog.addEvents(Array.from({ length: 3000 }, (_, i) => news(i)));
    await catalog.addEvents([act(3000)]);
    const filter = { kinds: ['publish'] };
    const first = await catalog.events({ after: 0 }, filter, 10);
    t.match(first, { events: [], more: true });
    t.match(await catalog.events({ after: first.next }, filter, 10), {
      events: [{ time: 3000 }],
      more: false,
    });
    t.match(await catalog.events({ after: 0 }, { acts: true }, 10), {
      events: [{ time: 3000 }],
      more: false,
    });
  });

  suite('a page ends at a megabyte', async (t, catalog) => {
    const long = 'x'.repeat(8000);
    await catalog.addEvents(Array.from({ length: 300 }, (_, i) => news(i, { what: { long } })));
    const first = await catalog.events({ after: 0 }, {}, 1000);
    t.ok(first.events.length > 100 && first.events.length < 200);
    const second = await catalog.events({ after: first.next }, {}, 1000);
    t.strictSame([first.more, second.events[0]?.time], [true, first.events.length]);
  });

  suite('old events are dropped, acts later, and no id comes again', async (t, catalog) => {
    const { news: kept, acts } = KEPT_EVENTS;
    await catalog.addEvents([act(1), news(2), act(acts.ms), news(acts.ms)]);
    const newest = await catalog.newestEvent();
    const times = async () => (await catalog.events({ after: 0 }, {}, 10)).events.map(({ time }) => time);
    t.equal(await catalog.dropEvents(kept.ms + 3, 10), 1);
    t.strictSame(await times(), [1, acts.ms, acts.ms]);
    const late = acts.ms * 3;
    t.equal(await catalog.dropEvents(late, 1), 1, 'a page at a time');
    while ((await catalog.dropEvents(late, 1)) > 0);
    t.strictSame(await times(), []);
    t.equal(await catalog.newestEvent(), newest);
    await catalog.addEvents([news(1)]);
    t.ok((await catalog.newestEvent()) > newest);
  });

  suite('with too many events, the site that has the most loses its oldest', async (t, catalog) => {
    const { most } = KEPT_EVENTS.acts;
    await catalog.addEvents([act(1, { site: 'quiet' }), act(2)]);
    for (let i = 0; i < most; i += 20_000)
      await catalog.addEvents(Array.from({ length: 20_000 }, () => act(3, { site: 'loud' })));
    t.equal(await catalog.dropEvents(4, 1000), 2);
    t.equal(await catalog.dropEvents(4, 1000), 0);
    t.match(await catalog.events({ after: 0 }, {}, 2), { events: [{ site: 'quiet' }, { time: 2 }] });
  });

  t.test(`${name}: events outlive their catalog`, async (t) => {
    const at = await place(t);
    const first = await at.open(key);
    await first.catalog.found(LOG, certified, 1000);
    await first.catalog.addEvents([act(1, { site: 'one' })]);
    await first.close();
    const second = await at.open(key);
    t.match(await second.catalog.events({ after: 0 }, {}, 10), {
      events: [{ site: 'one', cause: { token: 'abc' } }],
    });
    await second.close();
  });
}

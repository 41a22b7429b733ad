import t from 'tap';
import type { EventFilter, EventPage } from '../../../../origin/catalog/event-calls.ts';
import { EventReads } from '../../../../origin/events/event-reads.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import type { Event } from '../../../../shared/wire/event.ts';

const clock = { sleep: async () => {} };

/** A catalog of events in memory, whose pages look at `seen` events. */
function memory(seen = 100) {
  const all: Event[] = [];
  const stored = new Wakeup();
  let reads = 0;
  const events = async (cursor: object, { kinds }: EventFilter, limit: number): Promise<EventPage> => {
    reads++;
    const after = (cursor as { after: number }).after;
    const looked = all.filter(({ id }) => id > after).slice(0, seen);
    const found = looked.filter((event) => kinds?.includes(event.kind) ?? true).slice(0, limit);
    return { events: found, next: looked.at(-1)?.id ?? after, more: looked.length === seen };
  };
  return {
    reads: () => reads,
    stored,
    add(count: number, kind = 'purge') {
      for (let i = 0; i < count; i++)
        all.push({ id: all.length + 1, time: 0, kind, cause: 'a test', what: {} });
      stored.wake();
    },
    reader: new EventReads({ catalog: { events, newestEvent: async () => all.length }, clock, stored }),
  };
}

t.test('a page is looked for until something is found, for a bounded time', async (t) => {
  const { add, reader, reads } = memory(10);
  add(95);
  add(1, 'publish');
  t.match(await reader.page({ after: 0 }, { kinds: ['publish'] }, 5), { events: [{ id: 96 }], more: false });
  add(10_000);
  const before = reads();
  t.match(await reader.page({ after: 96 }, { kinds: ['publish'] }, 5), { events: [], more: true });
  t.equal(reads() - before, 25);
});

t.test('followers at the end share their reads', async (t) => {
  const { add, reader, reads } = memory();
  add(3);
  const ending = new AbortController();
  const followers = Array.from({ length: 50 }, () => reader.follow(0, ending.signal));
  const next = async () =>
    (await Promise.all(followers.map((one) => one.next()))).map(({ value }) => value?.next);
  t.ok(
    (await next()).every((id) => id === 0),
    'the first page says where the events begin',
  );
  t.ok((await next()).every((id) => id === 3));
  t.equal(reads(), 1);
  const waiting = next();
  add(1);
  t.ok((await waiting).every((id) => id === 4));
  t.equal(reads(), 2);
  ending.abort();
});

t.test('a follower that knows later ids than there are continues with what comes', async (t) => {
  const { add, reader } = memory();
  add(3);
  const ending = new AbortController();
  const follower = reader.follow(900, ending.signal);
  t.match((await follower.next()).value, { events: [], next: 3, more: true });
  t.match((await follower.next()).value, { events: [], next: 3, more: false });
  const waiting = follower.next();
  add(1);
  t.match((await waiting).value, { events: [{ id: 4 }] });
  ending.abort();
  t.equal((await follower.next()).done, true);
});

t.test('a follower that is far behind leaves no waits behind', async (t) => {
  const { add, reader, stored } = memory(10);
  let waits = 0;
  const wait = stored.wait.bind(stored);
  stored.wait = (...args) => {
    waits++;
    return wait(...args);
  };
  add(95);
  const ending = new AbortController();
  const follower = reader.follow(0, ending.signal);
  for (let page = await follower.next(); page.value?.next !== 95; ) page = await follower.next();
  t.equal(waits, 1);
  ending.abort();
});

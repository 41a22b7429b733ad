import pino from 'pino';
import t, { type Test } from 'tap';
import type { EventFilter, EventPage } from '../../../../../origin/catalog/event-calls.ts';
import { Delivery } from '../../../../../origin/events/webhooks/delivery.ts';
import { Wakeup } from '../../../../../shared/concurrency/wakeup.ts';
import type { Event, NewEvent } from '../../../../../shared/wire/event.ts';
import { until } from '../../../../helpers/until.ts';

const DAY = 86_400_000;

/** One webhook over events in memory. Its receiver says what it wants to each message. */
function world(t: Test, answer: (id: string) => string | undefined) {
  const all: Event[] = [];
  const stored = new Wakeup();
  const sent: { readonly id: string; readonly type: string; readonly timestamp: string }[] = [];
  const moved: number[] = [];
  const noted: NewEvent[] = [];
  const time = { now: DAY * 1000, slept: [] as number[] };
  const delivery = new Delivery(
    {
      ...{ id: 7, name: 'hook', url: 'https://example.com/', kinds: null, site: null, cursor: 0 },
      secret: `whsec_${Buffer.alloc(32).toString('base64')}`,
    },
    {
      catalog: { moveWebhook: async (id, cursor) => void (id === 7 && moved.push(cursor)) },
      events: {
        page: async (cursor, _filter: EventFilter, limit): Promise<EventPage> => {
          const from = (cursor as { after: number }).after;
          const events = all.filter(({ id }) => id > from).slice(0, limit);
          return { events, next: events.at(-1)?.id ?? from, more: events.length === limit };
        },
      },
      stored,
      notes: { note: (event) => void noted.push(event) },
      post: {
        send: async (_url, body, headers) => {
          const id = headers['webhook-id'] ?? '';
          sent.push({ id, type: JSON.parse(body).type, timestamp: headers['webhook-timestamp'] ?? '' });
          return answer(id);
        },
      },
      clock: {
        now: () => time.now,
        monotonic: () => time.now,
        sleep: async (ms, signal) => {
          signal?.throwIfAborted();
          time.slept.push(ms);
          time.now += 60_000;
          await new Promise((resolve) => setImmediate(resolve));
        },
      },
      log: pino({ level: 'silent' }),
    },
  );
  const ending = new AbortController();
  const ended = delivery.run(ending.signal);
  t.teardown(() => {
    ending.abort();
    return ended;
  });
  return {
    ...{ delivery, sent, moved, noted, time },
    add(kind: string, what = {}) {
      all.push({ id: all.length + 1, time: time.now, kind, cause: 'a test', what });
      stored.wake();
    },
    ids: () => sent.map(({ id }) => Number(id.split('_')[1])),
    async end() {
      ending.abort();
      await ended;
    },
  };
}

t.test('events are delivered in their order, and the place is stored', async (t) => {
  const { add, ids, moved, sent, delivery, end } = world(t, () => undefined);
  for (let i = 0; i < 50; i++) add('purge');
  await until('all', () => ids().length === 50);
  add('publish');
  await until('one more', () => ids().length === 51);
  t.strictSame(
    ids(),
    Array.from({ length: 51 }, (_, i) => i + 1),
  );
  t.equal(sent.at(-1)?.type, 'publish');
  await until('the place', () => moved.at(-1) === 51);
  t.match(delivery.state, { delivered: 51, failing: null });
  await end();
});

t.test('an event that is not taken comes again under the same id, before the next one', async (t) => {
  let refusals = 6;
  const { add, ids, sent, noted, delivery, time } = world(t, () =>
    refusals-- > 0 ? 'it answered 500' : undefined,
  );
  add('purge');
  add('publish');
  await until('both', () => ids().at(-1) === 2);
  t.strictSame(ids(), [1, 1, 1, 1, 1, 1, 1, 2]);
  t.equal(new Set(sent.slice(0, 7).map(({ id }) => id)).size, 1);
  t.ok(new Set(sent.slice(0, 7).map(({ timestamp }) => timestamp)).size > 1, 'each attempt has its time');
  t.equal(time.slept.length, 6);
  t.match(noted, [
    { kind: 'webhook-failing', cause: 'it answered 500', what: { webhook: 'hook', event: 1 } },
  ]);
  t.equal(noted.length, 1);
  t.equal(delivery.state.failing, null);
});

t.test('an event is given up after a day, which is told', async (t) => {
  const { add, ids, noted, time, delivery } = world(t, (id) =>
    id.startsWith('evt_1_') ? 'it is down' : undefined,
  );
  add('purge');
  await until('a failure', () => delivery.state.failing !== null);
  time.now += DAY;
  add('publish');
  await until('the next one', () => ids().at(-1) === 2);
  t.match(
    noted.filter(({ kind }) => kind === 'webhook-gave-up'),
    [{ cause: 'it is down', what: { webhook: 'hook', events: 1, last: 1 } }],
  );
});

t.test('a receiver is not told of its own failures', async (t) => {
  const { add, sent, moved } = world(t, () => undefined);
  add('webhook-failing', { webhook: 'hook' });
  add('webhook-gave-up', { webhook: 'hook' });
  add('webhook-failing', { webhook: 'other' });
  await until('the end', () => moved.at(-1) === 3);
  t.strictSame(
    sent.map(({ id }) => id.split('_')[1]),
    ['3'],
  );
});

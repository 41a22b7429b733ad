import t from 'tap';
import { EventQueue } from '../../../../origin/events/event-queue.ts';
import type { TimedEvent } from '../../../../shared/wire/event.ts';

const news = (time: number): TimedEvent => ({ kind: 'events-dropped', time, cause: '', what: {} });
const act = (time: number): TimedEvent => ({ kind: 'publish', time, cause: {}, what: {} });
const times = (events: readonly TimedEvent[]) => events.map(({ time }) => time);

t.test('events leave in their order', async (t) => {
  const queue = new EventQueue(10);
  for (const time of [1, 2, 3]) queue.add(news(time));
  t.strictSame(times(queue.take(9)), [1, 2, 3]);
  t.strictSame(queue.take(9), []);
});

t.test('a full queue drops the oldest news, and says how many', async (t) => {
  const queue = new EventQueue(3);
  for (const event of [act(1), news(2), news(3), act(4), act(5)]) queue.add(event);
  t.strictSame(queue.take(9), [
    {
      kind: 'events-dropped',
      time: 9,
      cause: 'more happened than could be stored',
      what: { news: 2, acts: 0 },
    },
    ...[act(1), act(4), act(5)],
  ]);
  queue.add(news(6));
  t.strictSame(times(queue.take(9)), [6], 'it says so once');
});

t.test('it drops an act only where all are acts', async (t) => {
  const queue = new EventQueue(2);
  for (const time of [1, 2, 3]) queue.add(act(time));
  const [said, ...rest] = queue.take(9);
  t.match(said, { what: { news: 0, acts: 1 } });
  t.strictSame(times(rest), [2, 3]);
});

import pino from 'pino';
import t from 'tap';
import { Events } from '../../../../origin/events/events.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { NewEvent, TimedEvent } from '../../../../shared/wire/event.ts';
import { until } from '../../../helpers/until.ts';

const log = pino({ level: 'silent' });
const noted = (edge: string): NewEvent => ({ kind: 'edge-pause', edge, cause: {}, what: {} });

/** A catalog that stores batches when it is told to. */
function heldCatalog() {
  const stored: (readonly TimedEvent[])[] = [];
  const waiting: { readonly batch: readonly TimedEvent[]; end(error?: Error): void }[] = [];
  return {
    stored,
    waiting,
    addEvents: (batch: readonly TimedEvent[]) =>
      new Promise<void>((resolve, reject) =>
        waiting.push({
          batch,
          end(error) {
            if (error !== undefined) return reject(error);
            stored.push(batch);
            resolve();
          },
        }),
      ),
  };
}

t.test('what is noted while a batch is stored becomes the next one', async (t) => {
  const catalog = heldCatalog();
  const events = new Events({ catalog, clock: systemClock, log });
  const woken = events.stored.wait(60_000, AbortSignal.timeout(60_000));
  for (const edge of ['a', 'b', 'c']) events.note(noted(edge));
  catalog.waiting.shift()?.end();
  await woken;
  await until('the next batch', () => catalog.waiting.length === 1);
  catalog.waiting.shift()?.end();
  await events.close();
  t.strictSame(
    catalog.stored.map((batch) => batch.map(({ edge }) => edge)),
    [['a'], ['b', 'c']],
  );
});

t.test('a batch that could not be stored is stored later, once', async (t) => {
  const catalog = heldCatalog();
  const clock = { ...systemClock, sleep: async () => {} };
  const events = new Events({ catalog, clock, log });
  events.note(noted('a'));
  events.note(noted('b'));
  catalog.waiting.shift()?.end(new Error('no space'));
  await until('the next batch', () => catalog.waiting.length === 1);
  catalog.waiting.shift()?.end();
  await until('the next batch', () => catalog.waiting.length === 1);
  catalog.waiting.shift()?.end();
  await events.close();
  t.strictSame(
    catalog.stored.map((batch) => batch.map(({ edge }) => edge)),
    [['a'], ['b']],
  );
});

t.test('it closes while the catalog fails', async (t) => {
  const addEvents = () => Promise.reject(new Error('no space'));
  const events = new Events({ catalog: { addEvents }, clock: systemClock, log });
  events.note(noted('a'));
  await t.resolves(events.close());
});

t.test('long causes and values are cut', async (t) => {
  const catalog = heldCatalog();
  const events = new Events({ catalog, clock: systemClock, log });
  events.note({ ...noted('a'), cause: 'x'.repeat(9000), what: { long: 'y'.repeat(9000), short: 1 } });
  const [event] = catalog.waiting[0]?.batch ?? [];
  t.equal(String(event?.cause).length, 500);
  t.ok(String(event?.what.long).length < 5000);
  t.equal(event?.what.short, 1);
  catalog.waiting.shift()?.end();
  await events.close();
});

t.test('who asks for it waits until what was noted is stored, or was tried', async (t) => {
  const catalog = heldCatalog();
  const clock = { ...systemClock, sleep: async () => {} };
  const events = new Events({ catalog, clock, log });
  await events.tried();
  let done = 0;
  const waits = () => events.tried().then(() => done++);
  events.note(noted('a'));
  void waits();
  events.note(noted('b'));
  void waits();
  catalog.waiting.shift()?.end();
  await until('the first', () => done === 1);
  await until('the next batch', () => catalog.waiting.length === 1);
  catalog.waiting.shift()?.end(new Error('no space'));
  await until('the second', () => done === 2);
  t.equal(catalog.stored.length, 1);
  events.note(noted('c'));
  void waits();
  await until('the repetition of the second', () => catalog.waiting.length === 1);
  catalog.waiting.shift()?.end(new Error('no space'));
  await until('the third, behind a batch that fails', () => done === 3);
  for (const what of ['the repetition', 'the last batch']) {
    await until(what, () => catalog.waiting.length === 1);
    catalog.waiting.shift()?.end();
  }
  await events.close();
});

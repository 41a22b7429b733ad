import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { sendEvents } from '../../../../origin/api/event-stream.ts';
import type { EventPage } from '../../../../origin/catalog/event-calls.ts';
import type { Event } from '../../../../shared/wire/event.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const event = (id: number, what = {}): Event => ({ id, time: 0, kind: 'purge', cause: 'a test', what });

/** Sends the pages to one client, which reads nothing until it is told to. */
async function streamOf(t: Test, pages: AsyncIterable<EventPage>, mayGoOn = async () => true) {
  const clock = turnedClock();
  let isDone = false;
  const server = createServer(async (_request, response) => {
    await sendEvents(response, { pages, shown: (event) => event, mayGoOn, clock });
    isDone = true;
    if (!response.writableEnded) response.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  let text = '';
  return {
    clock,
    socket,
    isDone: () => isDone,
    text: () => text,
    read() {
      socket.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      socket.resume();
    },
  };
}

t.test(
  'a client that takes nothing is ended, and holds no more than the buffers of its connection',
  async (t) => {
    let taken = 0;
    async function* endless() {
      const what = { long: 'x'.repeat(8000) };
      for (; ; taken++) yield { events: [event(taken, what)], next: taken, more: true };
    }
    const stream = await streamOf(t, endless());
    let before = -1;
    await until('the buffers to be full', async () => {
      const same = taken > 0 && taken === before;
      before = taken;
      return same;
    });
    t.ok(taken < 2000, `${taken} events of 8 kB were taken`);
    t.equal(stream.isDone(), false);
    stream.clock.advance(29_000);
    t.equal(stream.isDone(), false);
    stream.clock.advance(2000);
    await until('the end', stream.isDone);
  },
);

t.test('a quiet stream shows that it is alive, and where it stands', async (t) => {
  const steps: (() => void)[] = [];
  async function* quiet() {
    for (let next = 7; ; next++) {
      yield { events: [], next, more: false };
      await new Promise<void>((resolve) => steps.push(resolve));
    }
  }
  const stream = await streamOf(t, quiet());
  stream.read();
  await until('the head', () => stream.text().includes('retry: 2000'));
  await until('the first page', () => steps.length === 1);
  await until('where it begins', () => stream.text().includes(': quiet\nid: 7\n\n'));
  stream.clock.advance(14_000);
  steps.shift()?.();
  await until('the second page', () => steps.length === 1);
  t.notMatch(stream.text(), 'id: 8');
  stream.clock.advance(1000);
  steps.shift()?.();
  await until('a sign of life', () => stream.text().includes(': quiet\nid: 9\n\n'));
});

t.test('a stream whose reader may read no longer sends nothing more', async (t) => {
  async function* revoked() {
    yield { events: [event(1)], next: 1, more: false };
    yield { events: [{ ...event(2), kind: 'token-revoke' }, event(3)], next: 3, more: false };
    t.fail('nothing more is read');
  }
  const stream = await streamOf(t, revoked(), async () => false);
  stream.read();
  await until('the end', stream.isDone);
  await until('what was sent', () => stream.text().includes('id: 1\n'));
  t.notMatch(stream.text(), 'id: 3\n');
});

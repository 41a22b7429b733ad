import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { paced } from '../../../../../edge/follow/upstream/answer-body.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { Bandwidth } from '../../../../../shared/concurrency/bandwidth.ts';
import { until } from '../../../../helpers/until.ts';

const transferOf = (rate?: number) => ({
  bandwidths: [new Bandwidth(rate, systemClock)],
  signal: new AbortController().signal,
});

t.test('all bytes pass in order, and each piece is told of', async (t) => {
  let came = 0;
  const body = Readable.from([Buffer.from('ab'), Buffer.from(''), Buffer.from('cd')], { objectMode: false });
  const passed = paced(body, systemClock, transferOf(), () => came++);
  t.equal(String(await buffer(passed)), 'abcd');
  t.ok(came >= 2);
  t.ok(body.destroyed);
});

t.test('nothing is taken of a body before its reader asks', async (t) => {
  let asked = 0;
  const body = new Readable({ highWaterMark: 1, read: () => asked++ });
  const passed = paced(body, systemClock, transferOf(), () => {});
  await new Promise(setImmediate);
  t.equal(asked, 0);
  passed.destroy();
});

t.test('a body that fails fails for its reader', async (t) => {
  const body = new Readable({ read() {} });
  const passed = paced(body, systemClock, transferOf(), () => {});
  body.push('a');
  const failed = t.rejects(buffer(passed), { message: 'cut off' });
  await new Promise(setImmediate);
  body.destroy(new Error('cut off'));
  await failed;
});

t.test('a silent body ends when its reader leaves', async (t) => {
  const body = new Readable({ read() {} });
  const passed = paced(body, systemClock, transferOf(), () => {});
  passed.read();
  await new Promise(setImmediate);
  passed.destroy();
  await once(passed, 'close');
  t.ok(body.destroyed);
});

t.test('so does one that waits for bandwidth, and one whose bytes nobody has taken', async (t) => {
  for (const rate of [1, undefined]) {
    const body = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(10);
      })(),
      { objectMode: false },
    );
    const stopping = new AbortController();
    const transfer = { ...transferOf(rate), signal: stopping.signal };
    const passed = paced(body, systemClock, transfer, () => {});
    await once(passed, 'readable');
    passed.destroy();
    t.ok(await until('the end of the request', () => body.destroyed));
    stopping.abort();
  }
});

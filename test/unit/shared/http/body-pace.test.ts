import { PassThrough, Readable } from 'node:stream';
import t from 'tap';
import { boundedBody, promptly, steadily } from '../../../../shared/http/body-pace.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';
import { collect } from '../streams.ts';

const text = async (body: AsyncIterable<unknown>) =>
  Buffer.concat((await collect(body)) as Buffer[]).toString();

t.test('a body passes as it came', async (t) => {
  const source = new PassThrough();
  const body = boundedBody(source, { bytes: 100, pace: promptly }, turnedClock());
  source.write('ab');
  source.write('cd');
  setImmediate(() => source.end('ef'));
  t.equal(await text(body), 'abcdef');
});

t.test('a request that has come as a whole is not waited for', async (t) => {
  const source = Object.assign(new Readable({ read() {} }), { complete: true });
  source.push('abc');
  t.equal(await text(boundedBody(source, { bytes: 100, pace: promptly }, turnedClock())), 'abc');
});

t.test('an empty one ends', async (t) => {
  const source = new PassThrough();
  source.end();
  t.equal(await text(boundedBody(source, { bytes: 0, pace: promptly }, turnedClock())), '');
});

t.test('beyond its bytes it fails, and the source is left open for the answer', async (t) => {
  const source = new PassThrough();
  source.write('abcdef');
  const body = boundedBody(source, { bytes: 5, pace: promptly }, turnedClock());
  await t.rejects(text(body), { code: 'too-large' });
  t.notOk(source.destroyed);
});

t.test('what fails or is cut off fails', async (t) => {
  const failing = new PassThrough();
  const failed = text(boundedBody(failing, { bytes: 5, pace: steadily }, turnedClock()));
  setImmediate(() => failing.destroy(new Error('broken')));
  await t.rejects(failed, { message: 'broken' });
  const gone = new PassThrough();
  const cut = text(boundedBody(gone, { bytes: 5, pace: steadily }, turnedClock()));
  setImmediate(() => gone.destroy());
  await t.rejects(cut, { code: 'ECONNRESET' });
});

t.test('nobody is late while nobody reads', async (t) => {
  const clock = turnedClock();
  const source = new PassThrough();
  const body = boundedBody(source, { bytes: 1e6, pace: steadily }, clock);
  source.write('a');
  clock.advance(1_000_000);
  source.end('b');
  t.equal(await text(body), 'ab');
});

t.test('single bytes that come together are read together', async (t) => {
  const source = new Readable({ read() {} });
  const body = boundedBody(source, { bytes: 1e6, pace: promptly }, turnedClock());
  const pieces = collect(body) as Promise<Buffer[]>;
  for (let i = 0; i < 50_000; i++) source.push('x');
  source.push(null);
  t.equal(Buffer.concat(await pieces).length, 50_000);
  t.ok((await pieces).length < 10, `${(await pieces).length} pieces`);
});

t.test('silence and trickling are told apart by the pace', async (t) => {
  t.equal(promptly(0, 0), 5000);
  t.equal(promptly(10_000, 4000), 11_000);
  t.equal(promptly(1e9, 29_000), 1000, 'half a minute in all');
  t.ok(promptly(100, 6000) < 0);
  t.equal(steadily(0, 1e9), 60_000);
  const clock = turnedClock();
  const source = new PassThrough();
  const late = text(boundedBody(source, { bytes: 100, pace: promptly }, clock));
  const state = { isOver: false };
  const over = late.catch((error: unknown) => {
    state.isOver = true;
    throw error;
  });
  const refused = t.rejects(over, { code: 'too-slow' });
  await until('it to be given up', () => {
    clock.advance(1000);
    return state.isOver;
  });
  await refused;
});

t.test('nobody waits for a body after its answer', async (t) => {
  const source = new PassThrough();
  const answered = new AbortController();
  const bounds = { bytes: 5, pace: steadily, answered: answered.signal };
  const waiting = text(boundedBody(source, bounds, turnedClock()));
  setImmediate(() => answered.abort());
  await t.rejects(waiting, { code: 'ECONNRESET' });
  t.notOk(source.destroyed);
  await t.rejects(text(boundedBody(source, bounds, turnedClock())), { code: 'ECONNRESET' });
});

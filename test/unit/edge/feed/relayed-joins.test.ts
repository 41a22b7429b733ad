import t from 'tap';
import { RelayedJoins } from '../../../../edge/feed/relayed-joins.ts';

const { signal } = new AbortController();

/** Requests that wait for the origin until they are let go. */
function upwards() {
  const begun: string[] = [];
  const waiting: (() => void)[] = [];
  const ask = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name);
      waiting.push(() => resolve(name));
    });
  const answerOne = async () => {
    waiting.shift()?.();
    await new Promise(setImmediate);
  };
  return { begun, ask, answerOne };
}

t.test('what strangers ask goes up a little at a time, and clients take turns', async (t) => {
  const joins = new RelayedJoins(signal);
  const { begun, ask, answerOne } = upwards();
  const flood = Array.from({ length: 1000 }, (_, i) => joins.pass('10.0.0.1', ask(`flood ${i}`)));
  const refused = Promise.allSettled(flood);
  const honest = joins.pass('10.0.0.2', ask('honest'));
  t.ok(begun.length < 8, 'at once', { begun });
  for (let i = 0; i < 8 && !begun.includes('honest'); i++) await answerOne();
  t.ok(begun.includes('honest'), 'before most of the other client');
  while (begun.length > 0) {
    begun.length = 0;
    for (let i = 0; i < 100; i++) await answerOne();
  }
  t.equal(await honest, 'honest');
  const codes = (await refused).map((one) => (one.status === 'rejected' ? one.reason.code : 'ok'));
  t.ok(codes.filter((code) => code === 'too-many-requests').length > 900, 'the rest is refused at once');
});

t.test('one that the origin does not answer ends, and when the edge stops', async (t) => {
  const stopping = new AbortController();
  const joins = new RelayedJoins(stopping.signal);
  const ended = joins.pass(
    '10.0.0.1',
    (within) =>
      new Promise((_, reject) =>
        within.addEventListener('abort', () => reject(within.reason), { once: true }),
      ),
  );
  stopping.abort(new Error('stopped'));
  await t.rejects(ended, { message: 'stopped' });
});

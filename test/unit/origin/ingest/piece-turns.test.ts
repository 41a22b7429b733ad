import t from 'tap';
import { PieceTurns } from '../../../../origin/ingest/piece-turns.ts';

async function* endless(stop: AbortSignal) {
  while (!stop.aborted) yield Buffer.from('a');
}

t.test('of many bodies one piece is handed over in a turn of the loop, and sites take turns', async (t) => {
  const pieces = new PieceTurns();
  const stop = new AbortController();
  const flood = { turn: 0, most: 0, all: 0 };
  const reading = Array.from({ length: 100 }, async () => {
    for await (const _ of pieces.of(1, endless(stop.signal))) {
      flood.turn++;
      flood.all++;
      flood.most = Math.max(flood.most, flood.turn);
    }
  });
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      flood.turn = 0;
      await new Promise(setImmediate);
    }
  })();
  const own = (async function* () {
    for (let i = 0; i < 20; i++) yield Buffer.from('b');
  })();
  let taken = 0;
  for await (const _ of pieces.of(2, own)) taken++;
  t.equal(taken, 20);
  t.ok(flood.all <= 100, `the other site had ${flood.all} pieces meanwhile`);
  stop.abort();
  await Promise.all(reading);
  isOver = true;
  await counting;
  t.ok(flood.most <= 2, `${flood.most} at most in a turn of the loop`);
});

t.test('a large piece is cut, so that it does not hold the loop up either', async (t) => {
  const whole = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
  const body = (async function* () {
    yield whole;
  })();
  const parts: Uint8Array[] = [];
  for await (const part of new PieceTurns().of(1, body)) parts.push(part);
  t.ok(parts.every(({ length }) => length <= 8192));
  t.strictSame(Buffer.concat(parts), whole);
});

t.test('a site has few bodies read at a time; its others wait unread, and other sites do not', async (t) => {
  const pieces = new PieceTurns();
  const begun: number[] = [];
  const goOn = Promise.withResolvers<void>();
  const read = async (site: number, fails = false) => {
    const body = (async function* () {
      begun.push(site);
      await goOn.promise;
      if (fails) throw new Error('cut off');
      yield Buffer.from('a');
    })();
    for await (const _ of pieces.of(site, body));
  };
  const flood = Array.from({ length: 260 }, (_, i) => read(1, i < 10));
  await t.rejects(read(1), { code: 'too-many-requests' });
  const other = read(2);
  await new Promise(setImmediate);
  t.strictSame(begun, [1, 1, 1, 1, 2]);
  goOn.resolve();
  const outcomes = await Promise.allSettled(flood);
  await other;
  t.equal(
    outcomes.filter(({ status }) => status === 'rejected').length,
    10,
    'one that fails gives its place',
  );
  await read(1);
});

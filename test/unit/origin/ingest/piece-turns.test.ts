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

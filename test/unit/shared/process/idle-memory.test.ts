import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { collectOnceQuiet } from '../../../../shared/process/idle-memory.ts';
import { startThreads } from '../../../../shared/process/thread.ts';
import { until } from '../../../helpers/until.ts';
import type { Litter } from './litter.worker.ts';

function withCollector(t: Test, collector: typeof globalThis.gc): void {
  const before = globalThis.gc;
  globalThis.gc = collector;
  t.teardown(() => {
    globalThis.gc = before;
  });
}

/** An event loop that was busy for these shares of the time. */
function loopOf(shares: number[]) {
  return {
    eventLoopUtilization: (now?: unknown) => ({
      idle: 0,
      active: 0,
      utilization: now === undefined ? 0 : (shares.shift() ?? 0),
    }),
  };
}

t.test('the garbage of the start is collected once, when the event loop is quiet', async (t) => {
  const left: number[] = [];
  const shares = [0.9, 0.1, 0.01, 0, 0, 0];
  withCollector(t, async () => {
    left.push(shares.length);
  });
  collectOnceQuiet(1, loopOf(shares));
  await until('the collection', () => left.length > 0);
  const others = [0, 0, 0];
  const stop = collectOnceQuiet(1, loopOf(others));
  await until('another collection', () => left.length > 1);
  t.same(left, [3, 3], 'the first one did not run again, and looked no further');
  stop();
});

t.test('a collection that was cancelled does not run, nor one without the flag', async (t) => {
  let collections = 0;
  withCollector(t, async () => {
    collections++;
  });
  collectOnceQuiet(1, loopOf([]))();
  globalThis.gc = undefined;
  collectOnceQuiet(1, loopOf([]));
  globalThis.gc = async () => {
    collections += 100;
  };
  collectOnceQuiet(2, loopOf([]));
  await until('a later collection', () => collections > 0);
  t.equal(collections, 100);
});

t.test('a thread that stays collects its garbage although it waits for calls', async (t) => {
  setFlagsFromString('--expose-gc');
  withCollector(t, runInNewContext('gc'));
  const module = new URL('./litter.worker.ts', import.meta.url);
  const stays = { idleMs: Number.POSITIVE_INFINITY, collectAfterMs: 1 };
  const { remote, close } = startThreads<Litter>(module, 1, undefined, stays);
  const { used } = await remote.litter(1_000_000);
  t.ok(await until('the thread to collect', async () => (await remote.used()) < used - 4_000_000));
  await close();
});

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { budgeted, DiskBudget } from '../../../../edge/disk-budget/disk-budget.ts';
import type { HeldObjects } from '../../../../edge/disk-budget/held-objects.worker.ts';
import { PartialObjects } from '../../../../edge/read-through/partial-objects.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { startThreads } from '../../../../shared/process/thread.ts';
import { largeObjectFile, smallObjectsFile } from '../../../../shared/store/layout.ts';
import type { SmallObjects } from '../../../../shared/store/small-objects.worker.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';
import { until } from '../../../helpers/until.ts';

const worker = (name: string) => new URL(`../../../../${name}.ts`, import.meta.url);

/** The folder of a store in which nothing is yet. */
async function storeFolder(t: Test) {
  const folder = t.testdir({ large: {}, drafts: {} });
  const small = startThreads<SmallObjects>(worker('shared/store/small-objects.worker'), 1, {
    file: smallObjectsFile(folder),
    folder,
  });
  await small.remote.missing([]);
  t.teardown(() => small.close());
  return { folder, small: small.remote };
}

function openHeld(t: Test, folder: string) {
  const held = startThreads<HeldObjects>(worker('edge/disk-budget/held-objects.worker'), 1, {
    file: join(folder, 'held.sqlite'),
    folder,
  });
  t.teardown(() => held.close());
  return held.remote;
}

const named = (i: number) => ({ digest: digestOf(String(i)), bytes: Buffer.alloc(100, i) });

/** A budget of 1000 bytes over a store in memory; its clock stands still until it is told. */
async function world(t: Test) {
  const { folder } = await storeFolder(t);
  const disk = new MemoryDisk();
  let now = 1000;
  const clock: Clock = { ...systemClock, now: () => now };
  const use = { used: [] as [Digest, number][], serving: [] as Digest[] };
  const pinned = new Set<Digest>();
  const budget = new DiskBudget({
    bytes: 1000,
    held: openHeld(t, folder),
    store: openMemoryStore(disk),
    partials: new PartialObjects(),
    gate: new InProcessGate(),
    pinned: async (digests) => new Set(digests.filter((digest) => pinned.has(digest))),
    use: async () => {
      const told = {
        used: use.used.map(([digest, at]) => [digest, at, 1] as const),
        serving: [...use.serving],
      };
      use.used = [];
      return told;
    },
    clock,
    time: clock,
    log: createLogger(),
  });
  const stopping = new AbortController();
  const running = budget.run(stopping.signal);
  t.teardown(async () => {
    stopping.abort();
    await running;
  });
  const store = budgeted(openMemoryStore(disk), budget, new PartialObjects());
  const put = async (i: number) => {
    now++;
    await store.putSmall([named(i)]);
  };
  const held = () => [...disk.objects.values()].map((bytes) => bytes[0]);
  return { budget, store, put, held, use, pinned, tick: () => ++now };
}

t.test('what nobody has read for longest makes room', async (t) => {
  const { budget, put, held, use, tick } = await world(t);
  for (let i = 0; i < 10; i++) await put(i);
  t.equal(budget.room, 0);
  use.used = [[named(0).digest, tick()]];
  tick();
  await put(10);
  await until('room', () => budget.room >= 0);
  t.strictSame(held(), [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  t.equal(budget.status.evictedObjects, 1);
});

t.test('what is being sent or has to stay does not, not even when all is over', async (t) => {
  const { budget, put, held, use, pinned, tick } = await world(t);
  use.serving = [named(0).digest];
  pinned.add(named(1).digest);
  for (let i = 0; i < 13; i++) await put(i);
  tick();
  await until('room', () => budget.room >= 0);
  t.ok(held().includes(0) && held().includes(1), held().join());
  t.ok(held().includes(12), 'the newest stays');
  use.serving = [];
  for (let i = 13; i < 16; i++) await put(i);
  tick();
  await until('room again', () => budget.room >= 0);
  t.ok(held().includes(1));
});

t.test('what is written piece by piece counts when it is kept, with all that was written', async (t) => {
  const { budget, store } = await world(t);
  const draft = await store.draft('a');
  await draft.append(Buffer.alloc(100));
  await draft.write(100, Buffer.alloc(200));
  t.equal(draft.size, 300);
  t.equal(budget.room, 1000);
  await draft.keep(digestOf('a'));
  t.equal(budget.room, 700);
});

t.test('the store is what counts, whatever a crash has left', async (t) => {
  const { folder, small } = await storeFolder(t);
  const large = digestOf('large');
  const file = largeObjectFile(folder, large);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(5000));
  await small.put([named(1), named(2)]);
  const first = openHeld(t, folder);
  t.equal(await first.bytes(), 5200);
  t.equal(await first.add([{ digest: digestOf('gone'), size: 70 }], 1), 5270);
  await first.add([{ digest: named(1).digest, size: 100 }], 9);
  await first.close();
  await small.put([named(3)]);
  const second = openHeld(t, folder);
  t.equal(await second.bytes(), 5300, 'what is gone is forgotten, what is new is found');
  t.equal((await second.leastUsed(9, 10)).length, 3, 'when the others were used is still known');
  t.strictSame(await second.leastUsed(1, 1), [
    { digest: (await second.leastUsed(1, 1))[0]?.digest, size: 100 },
  ]);
  t.equal(await second.remove([large, digestOf('gone')]), 300);
});

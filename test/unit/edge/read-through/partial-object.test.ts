import t from 'tap';
import { type Arrivals, PartialObject } from '../../../../edge/read-through/partial-object.ts';
import { TransferTurns } from '../../../../edge/read-through/transfer-turns.ts';
import type { ChunkList } from '../../../../shared/content/chunk-list.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import type { ByteSpan } from '../../../../shared/store/byte-span.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';
import { until } from '../../../helpers/until.ts';

const SIZE = 10;
const CHUNKS = 20;
const content = Buffer.from(Array.from({ length: SIZE * CHUNKS }, (_, i) => i));
const chunkAt = (i: number) => content.subarray(i * SIZE, (i + 1) * SIZE);
const list: ChunkList = {
  object: digestOf(content),
  size: content.length,
  chunks: Array.from({ length: CHUNKS }, (_, i) => ({ digest: digestOf(chunkAt(i)), size: SIZE })),
};

/** A partial object whose upstreams bring chunks when they are told to. */
function world({ attempts = 1, fails = () => false as boolean } = {}) {
  const disk = new MemoryDisk();
  const store = openMemoryStore(disk);
  const turns = new TransferTurns(() => 0);
  const runs: { first: number; end: number; attempt: number }[] = [];
  let allowed = 0;
  let wake = () => {};
  let ended = 0;
  const partial = new PartialObject({
    fileName: 'partial',
    list,
    open: () => store.draft('partial'),
    async *chunks({ first, end }, attempt) {
      runs.push({ first, end, attempt });
      for (let chunk = first; chunk < end; chunk++) {
        while (allowed === 0)
          await new Promise<void>((resolve) => {
            const before = wake;
            wake = () => {
              before();
              resolve();
            };
          });
        allowed--;
        if (fails()) throw new SkerryError('origin-unreachable', 'gone');
        yield chunkAt(chunk);
      }
    },
    turn: (client) => turns.ask(client),
    attempts: () => attempts,
    grown: () => {},
    ended: () => {
      ended++;
    },
  });
  const reader = () => {
    const spans: ByteSpan[] = [];
    const errors: string[] = [];
    const arrivals: Arrivals = {
      arrived: (_file, span) => spans.push(span),
      broke: (_file, { code }) => errors.push(code),
    };
    return { arrivals, spans, errors };
  };
  const bring = (count: number) => {
    allowed += count;
    wake();
    wake = () => {};
  };
  return { partial, disk, runs, reader, bring, ended: () => ended };
}

const ALL = { start: 0, end: content.length };

t.test('readers of all of it share one transfer, and it becomes the object', async (t) => {
  const { partial, disk, runs, reader, bring, ended } = world();
  const [a, b] = [reader(), reader()];
  const first = partial.request('a', ALL, a.arrivals);
  t.strictSame(first.availability, { found: 'none', isCollapsed: false });
  bring(5);
  await until('five chunks', () => a.spans.length === 5);
  const second = partial.request('a', ALL, b.arrivals);
  t.strictSame(second.availability, { found: 'partial', isCollapsed: true });
  t.strictSame(second.spans, [{ start: 0, end: 50 }], 'what of it is there');
  t.strictSame(partial.request('a', { start: 60, end: 71 }, b.arrivals).spans, []);
  bring(15);
  await until('the object', () => ended() === 1);
  t.ok(disk.objects.get(list.object)?.equals(content));
  t.equal(b.spans.length, 15);
  t.strictSame(runs, [{ first: 0, end: CHUNKS, attempt: 0 }]);
});

t.test('a range brings its chunks alone; the rest comes when it is wanted', async (t) => {
  const { partial, runs, reader, bring, ended } = world();
  const part = reader();
  const read = partial.request('a', { start: 125, end: 132 }, part.arrivals);
  bring(2);
  await until('both chunks', () => part.spans.length === 2);
  t.strictSame(part.spans, [
    { start: 120, end: 130 },
    { start: 130, end: 140 },
  ]);
  read.release();
  await until('rest', () => !partial.isBusy);
  const whole = reader();
  t.equal(partial.request('a', ALL, whole.arrivals).availability.found, 'partial');
  bring(18);
  await until('the object', () => ended() === 1);
  t.strictSame(
    runs.map(({ first, end }) => [first, end]),
    [
      [12, 14],
      [0, 12],
      [14, 20],
    ],
  );
});

t.test('nothing more is fetched when nobody waits any more', async (t) => {
  const { partial, runs, reader, bring } = world();
  const only = reader();
  const read = partial.request('a', ALL, only.arrivals);
  bring(3);
  await until('three chunks', () => only.spans.length === 3);
  read.release();
  read.release();
  bring(1);
  await until('rest', () => !partial.isBusy);
  t.equal(runs.length, 1);
  t.equal(partial.bytes, 40);
});

t.test('where one upstream breaks off, another goes on; after the last one readers are told', async (t) => {
  let calls = 0;
  const { partial, runs, reader, bring, ended } = world({ attempts: 2, fails: () => ++calls === 4 });
  const only = reader();
  partial.request('a', ALL, only.arrivals);
  bring(CHUNKS + 1);
  await until('the object', () => ended() === 1);
  t.strictSame(
    runs.map(({ first, attempt }) => [first, attempt]),
    [
      [0, 0],
      [3, 1],
    ],
  );

  const gone = world({ attempts: 2, fails: () => true });
  const told = gone.reader();
  const read = gone.partial.request('a', ALL, told.arrivals);
  gone.bring(2);
  await until('the failure', () => told.errors.length === 1);
  t.strictSame(told.errors, ['origin-unreachable']);
  read.release();
  t.equal(gone.partial.isBusy, false);
  await gone.partial.discard();
  t.equal(gone.disk.drafts.size, 0);
});

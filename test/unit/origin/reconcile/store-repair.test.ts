import pino from 'pino';
import t, { type Test } from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { StoreRepair } from '../../../../origin/reconcile/store-repair.ts';
import type { Holder } from '../../../../origin/reconcile/store-repair-plan.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';
import type { TaskRequest, TaskStatus } from '../../../../shared/wire/task-api.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const holder = (name: string): Holder => ({
  ...{ name, isHealthy: true, canUpload: true, isDirect: true, isFull: true, siteLists: [], load: 0 },
});

async function world(t: Test, lost: readonly string[]) {
  const database = openDatabase(':memory:', migrations);
  const calls = asRemote(sqliteCalls(database, signerWith(generateSigningKey())));
  // The repair reads the sites of an object from manifests, which this world has not.
  const places = [{ site: 'docs', path: 'a.txt' }];
  const catalog = {
    damaged: calls.damaged,
    damagedAmong: calls.damagedAmong,
    task: calls.task,
    sitesNaming: async (digests: readonly Digest[]) => digests.map(() => ['docs']),
    placesOf: async () => places,
  };
  await calls.noteDamaged(
    lost.map((text) => ({ digest: digestOf(text), size: text.length })),
    1,
  );
  const clock = turnedClock();
  const events: NewEvent[] = [];
  const holders: Holder[] = [];
  const counts = { rounds: 0 };
  const tasks = {
    async create({ kind, args, target }: TaskRequest, cause: string, key: string | null = null) {
      const edges = 'edges' in target ? target.edges : [];
      const task = { kind, args: JSON.stringify(args), cause, key, created: clock.now(), deadline: 1e15 };
      const added = await calls.addTask({ ...task, target: { kind: 'edges', names: edges } }, edges);
      const row = await calls.task(added.id);
      return { id: row.id, args: JSON.parse(row.args) } as TaskStatus;
    },
  };
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const start = () => {
    const repair = new StoreRepair({
      ...{ tasks, catalog, clock, log: pino({ enabled: false }) },
      holders: () => {
        counts.rounds++;
        return holders;
      },
      note: (event) => events.push(event),
    });
    running.push(repair.run(stop.signal));
    return repair;
  };
  t.teardown(async () => {
    stop.abort();
    await Promise.all(running);
    database.close();
  });
  const asked = () =>
    events.flatMap(({ kind, edge, task }) => (kind === 'origin-acts' ? [{ edge, task }] : []));
  /** The edge answers its task, after it has brought these objects. */
  const end = async (task = 0, brought: readonly string[] = []) => {
    await calls.noteSound(brought.map(digestOf));
    await calls.saveTasks({ shares: [], ended: [{ task, state: 'done', time: 1 }] });
  };
  const kinds = () => events.map(({ kind }) => kind);
  const rounds = () => counts.rounds;
  return { calls, events, holders, start, asked, end, kinds, clock, rounds };
}

t.test('one edge after another is asked, until the store has everything', async (t) => {
  const { calls, holders, start, asked, end, kinds, events } = await world(t, ['one', 'two']);
  holders.push(holder('oslo'), holder('rome'));
  const repair = start();
  await until('the first edge to be asked', () => asked().length === 1);
  t.match(asked(), [{ edge: 'oslo' }]);
  await end(asked()[0]?.task, ['one']);
  repair.wake();
  await until('the second edge to be asked', () => asked().length === 2);
  t.match(asked()[1], { edge: 'rome' });
  await end(asked()[1]?.task, ['two']);
  repair.wake();
  await until(
    'the repair to be told',
    () => kinds().filter((kind) => kind === 'store-repaired').length === 2,
  );
  t.strictSame(kinds(), ['origin-acts', 'store-repaired', 'origin-acts', 'store-repaired']);
  t.match(events[3], { edge: 'rome', what: { objects: 1, digests: [digestOf('two')] } });
  t.equal(await calls.damagedCount(), 0);
});

t.test('after a restart, an open request is not repeated', async (t) => {
  const { calls, holders, start, asked } = await world(t, ['one']);
  holders.push(holder('oslo'));
  start();
  await until('the edge to be asked', () => asked().length === 1);
  start();
  await until('the edge to be asked by the later process', () => asked().length === 2);
  t.equal(asked()[0]?.task, asked()[1]?.task);
  t.equal((await calls.openTasks()).length, 1);
});

t.test('what no edge has is told once, with what can be done', async (t) => {
  const { events, start, kinds, clock, holders, asked } = await world(t, ['one']);
  const repair = start();
  const round = async () => {
    repair.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await round();
  t.strictSame(kinds(), [], 'an edge may be about to come back');
  clock.advance(60_000);
  await until('the operator to be told', async () => {
    await round();
    return kinds().length > 0;
  });
  t.match(events[0], {
    kind: 'store-unrepaired',
    what: { objects: 1, places: ['docs: a.txt'], advice: /publish/ },
  });
  clock.advance(60_000);
  await round();
  t.equal(events.length, 1);
  holders.push(holder('oslo'));
  await until('an edge that comes to be asked', async () => {
    await round();
    return asked().length > 0;
  });
});

t.test('an edge that comes back is asked again, and others are not', async (t) => {
  const { holders, start, asked, end, clock, rounds } = await world(t, ['one']);
  holders.push(holder('oslo'), holder('rome'));
  const repair = start();
  for (const count of [1, 2]) {
    await until(`request ${count}`, () => {
      repair.wake();
      return asked().length === count;
    });
    await end(asked()[count - 1]?.task);
  }
  clock.advance(2 * 3_600_000);
  holders.pop();
  const before = rounds();
  await until('rome to be missed', () => {
    repair.wake();
    return rounds() > before + 2;
  });
  t.equal(asked().length, 2);
  holders.push(holder('rome'));
  await until('rome to be asked again', () => {
    repair.wake();
    return asked().length > 2;
  });
  t.strictSame(
    asked().map(({ edge }) => edge),
    ['oslo', 'rome', 'rome'],
  );
});

import pino from 'pino';
import t, { type Test } from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { StoreMigration } from '../../../../origin/migration/store-migration.ts';
import { MovingStore } from '../../../../origin/store/moving-store.ts';
import type { Place } from '../../../../origin/store/place.ts';
import type { StorePlaces } from '../../../../origin/store/places-state.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import type { ObjectStore } from '../../../../shared/store/object-store.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';
import { until } from '../../../helpers/until.ts';

const TO = 's3://bucket/';
const large = Buffer.alloc(200_000, 'large');

async function world(t: Test, contents: readonly (string | Buffer)[]) {
  const database = openDatabase(':memory:', migrations);
  const catalog = asRemote(sqliteCalls(database, signerWith(generateSigningKey())));
  const disks = { 'file:': new MemoryDisk(), [TO]: new MemoryDisk() };
  const gate = new InProcessGate();
  const events: NewEvent[] = [];
  /** What the target does instead of a call. A test may set some. */
  const target: { faults: Partial<ObjectStore & Pick<Place, 'clear'>>; put: Digest[] } = {
    faults: {},
    put: [],
  };
  const diskOf = (url: string) => (url === TO ? disks[TO] : disks['file:']);
  const opened = (url: string): ObjectStore => {
    const store = openMemoryStore(diskOf(url));
    if (url !== TO) return store;
    const watched: ObjectStore = {
      ...store,
      async putSmall(objects) {
        target.put.push(...objects.map(({ digest }) => digest));
        await store.putSmall(objects);
      },
    };
    return new Proxy(watched, {
      get: (own, name) => Reflect.get(target.faults, name) ?? Reflect.get(own, name),
    });
  };
  const saved: { places: StorePlaces } = { places: { store: 'file:', other: null, former: [] } };
  const verified = { times: 0 };
  const stops: AbortController[] = [];
  const running: Promise<void>[] = [];
  const start = () => {
    const store = new MovingStore(opened(saved.places.store));
    const stop = new AbortController();
    stops.push(stop);
    const migration = new StoreMigration(
      {
        ...{ catalog, store, gate, clock: systemClock, log: pino({ enabled: false }) },
        place: (url) => ({
          url,
          open: async () => opened(url),
          isEmpty: async () => diskOf(url).objects.size === 0,
          clear: async () => {
            if (url === TO) await target.faults.clear?.();
            diskOf(url).objects.clear();
          },
        }),
        save: async (places) => {
          saved.places = places;
        },
        verify: () => void verified.times++,
        note: (event) => events.push(event),
      },
      saved.places,
    );
    const upload = (content: string | Buffer) =>
      gate.shared(async () => {
        const bytes = Buffer.from(content);
        const digest = digestOf(bytes);
        if (bytes.length < 100_000) await store.putSmall([{ digest, bytes }]);
        else {
          const draft = await store.draft(`upload-${digest}`);
          await draft.append(bytes);
          await draft.keep(digest);
        }
        await catalog.addObjects([{ site: 1, digest, size: bytes.length, chunks: null }], 1);
        return digest;
      });
    const run = () => running.push(migration.run(stop.signal));
    const ended = (role: string | undefined) =>
      until(`the role ${role}`, () => migration.status().other?.role === role && migration.status());
    return { store, migration, upload, run, ended, stop };
  };
  const first = start();
  for (const content of contents) await first.upload(content);
  t.teardown(async () => {
    for (const stop of stops) stop.abort();
    await Promise.all(running);
    database.close();
  });
  return { ...first, start, catalog, disks, target, saved, verified, events, running };
}

t.test('all objects move, those that come meanwhile as well, and the old store stays', async (t) => {
  const { store, migration, upload, run, ended, disks, saved, events } = await world(t, [
    'one',
    'two',
    large,
  ]);
  run();
  await migration.begin(TO);
  await migration.begin(TO);
  const during = await Promise.all(['three', Buffer.alloc(150_000, 'x')].map(upload));
  const draft = await store.draft('begun before the switch');
  const late = Buffer.alloc(120_000, 'late');
  await draft.append(late);
  t.strictSame(await ended('kept'), {
    ...{ store: TO, other: { url: 'file:', role: 'kept' }, progress: null, error: null },
  });
  t.equal(saved.places.store, TO);
  t.strictSame(new Set(disks[TO].objects.keys()), new Set(disks['file:'].objects.keys()));
  t.equal(disks[TO].objects.size, 5);
  for (const digest of during) t.ok(disks[TO].objects.has(digest));

  await draft.keep(digestOf(late));
  const after = await upload('after');
  t.strictSame(disks[TO].objects.get(digestOf(late)), late, 'a draft of the old store ends in the new one');
  t.ok(disks[TO].objects.has(after));
  t.equal(disks['file:'].objects.size, 5, 'the old store is as it was');
  t.strictSame([...disks['file:'].drafts.keys()], []);
  t.ok((await store.readSmall([after])).has(after));
  t.match(events, [{ kind: 'store-migrated', what: { to: TO } }]);

  await t.rejects(migration.begin('file:'), { code: 'store-busy' });
  await migration.dropOld();
  await ended(undefined);
  t.equal(disks['file:'].objects.size, 0);
  t.equal(events.at(-1)?.kind, 'store-dropped');
  await migration.begin('file:');
  await ended('kept');
  t.equal(disks['file:'].objects.size, 6, 'and back');
});

t.test('copies are read again, and a bad one is replaced', async (t) => {
  const { migration, run, ended, disks, target } = await world(t, ['one', 'two']);
  await migration.begin(TO);
  const [one, two] = ['one', 'two'].map((text) => digestOf(text));
  if (one === undefined || two === undefined) throw new Error('two objects');
  disks[TO].objects.set(one, Buffer.from('onE'));
  run();
  await ended('kept');
  t.equal(disks[TO].objects.get(one)?.toString(), 'one');
  t.strictSame(new Set(target.put), new Set([one, two]));
});

t.test('a target that fails holds up no upload', async (t) => {
  const { migration, upload, run, ended, disks, target, store } = await world(t, ['one']);
  target.faults = {
    missing: async () => {
      throw new SkerryError('store-unreachable', 'the bucket is away');
    },
    putSmall: async () => {
      throw new SkerryError('store-unreachable', 'the bucket is away');
    },
  };
  run();
  await migration.begin(TO);
  await until('the error', () => migration.status().error === 'the bucket is away');
  const two = await upload('two');
  t.equal(store.mirror, undefined, 'it is given up for now');
  t.notOk(disks[TO].objects.has(two));
  target.faults = {};
  await migration.begin(TO);
  t.equal((await ended('kept')).error, null);
  t.ok(disks[TO].objects.has(two), 'what did not reach it is copied');
  t.equal(disks[TO].objects.size, 2);
});

t.test('a new process copies only what is not there', async (t) => {
  const { migration, start, disks, target, saved } = await world(t, ['one', 'two', 'three']);
  await migration.begin(TO);
  for (const text of ['one', 'two']) disks[TO].objects.set(digestOf(text), Buffer.from(text));
  t.match(saved.places, { store: 'file:', other: { url: TO, role: 'target' } });
  const again = start();
  again.run();
  await again.ended('kept');
  t.strictSame(target.put, [digestOf('three')]);
});

t.test('a damaged object waits for the verification, and is then left to the edges', async (t) => {
  const { migration, run, ended, disks, verified, catalog, upload } = await world(t, ['one', 'two']);
  disks['file:'].objects.set(digestOf('one'), Buffer.from('onE'));
  run();
  await migration.begin(TO);
  await until('the error', () => /1 objects of the store are damaged/.test(migration.status().error ?? ''));
  t.equal(verified.times, 1);
  await catalog.noteDamaged([{ digest: digestOf('one'), size: 3 }], 5);
  await migration.begin(TO);
  await ended('kept');
  t.strictSame([...disks[TO].objects.keys()], [digestOf('two')]);
  await upload('one');
  t.ok(disks[TO].objects.has(digestOf('one')));
});

t.test('a move that is cancelled leaves nothing behind', async (t) => {
  const { migration, run, ended, disks, store, target, upload } = await world(t, ['one', 'two']);
  const compared = Promise.withResolvers<Digest[]>();
  target.faults = { missing: () => compared.promise };
  await t.rejects(migration.cancel(), { code: 'store-unchanged' });
  await t.rejects(migration.dropOld(), { code: 'store-unchanged' });
  run();
  await migration.begin(TO);
  await until('the copies', () => disks[TO].objects.size === 2);
  await migration.cancel();
  t.equal(migration.status().other?.role, 'dropping');
  compared.resolve([]);
  t.strictSame(await ended(undefined), { store: 'file:', other: null, progress: null, error: null });
  t.equal(disks[TO].objects.size, 0);
  t.equal(store.mirror, undefined);
  await upload('three');
  t.equal(disks['file:'].objects.size, 3);
});

t.test('a store that cannot be reached any more is forgotten', async (t) => {
  const { migration, run, ended, disks, target } = await world(t, ['one']);
  run();
  await migration.begin(TO);
  await ended('kept');
  await migration.dropOld();
  await ended(undefined);
  await migration.begin('file:');
  await ended('kept');
  target.faults = {
    clear: async () => {
      throw new SkerryError('store-unreachable', 'the bucket is away');
    },
  };
  await migration.dropOld();
  await until('the error', () => migration.status().error === 'the bucket is away');
  await t.rejects(migration.begin(TO), { code: 'store-busy' });
  await migration.forget();
  t.strictSame(await ended(undefined), { store: 'file:', other: null, progress: null, error: null });
  t.equal(disks[TO].objects.size, 1, 'its objects stay');
});

t.test('what is there belongs to somebody else', async (t) => {
  const { migration, disks, saved } = await world(t, ['one']);
  disks[TO].objects.set(digestOf('foreign'), Buffer.from('foreign'));
  await t.rejects(migration.begin(TO), { code: 'store-not-empty' });
  await t.rejects(migration.begin('file:'), { code: 'store-unchanged' });
  t.equal(saved.places.other, null);
});

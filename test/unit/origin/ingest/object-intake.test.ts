import { Readable } from 'node:stream';
import t from 'tap';
import { caller } from '../../../../origin/callers/caller.ts';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';
import type { StoredObject } from '../../../../origin/catalog/object-calls.ts';
import { ObjectIntake } from '../../../../origin/ingest/object-intake.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../../shared/content/small-object.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import type { ObjectStore, SmallObject } from '../../../../shared/store/object-store.ts';
import { streamOf } from '../../shared/streams.ts';

/** A store and a catalog that remember what they were given, a batch at a time. */
function fakes(failAfter = Number.POSITIVE_INFINITY) {
  const batches: number[] = [];
  const stored = new Set<Digest>();
  const noted: StoredObject[] = [];
  const callers: (string | undefined)[] = [];
  let storing = 0;
  const store: Pick<ObjectStore, 'putSmall'> = {
    async putSmall(objects: readonly SmallObject[]) {
      storing++;
      if (storing > 1) throw new Error('two batches are stored at once');
      await new Promise((resolve) => setTimeout(resolve, 5));
      storing--;
      if (batches.length >= failAfter) throw new SkerryError('disk-full', 'the disk is full');
      batches.push(objects.length);
      for (const { digest } of objects) stored.add(digest);
    },
  };
  const catalog: Pick<Catalog, 'addObjects'> = {
    async addObjects(objects) {
      callers.push(caller.getStore()?.name);
      for (const object of objects) {
        if (!stored.has(object.digest)) throw new Error('noted before it was stored');
        noted.push(object);
      }
    },
  };
  const offered: Digest[] = [];
  return {
    intake: new ObjectIntake(
      ...([store as ObjectStore, catalog as Catalog, systemClock, new InProcessGate()] as const),
      (objects) => void offered.push(...objects.map(({ digest }) => digest)),
    ),
    offered,
    batches,
    noted,
    callers,
  };
}

const objects = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => Buffer.alloc(size, `${i} `));

t.test('objects of a bundle are stored in batches, then noted', async (t) => {
  const { intake, batches, noted } = fakes();
  const taken = await intake.takeBundle(7, streamOf([objects(3000, 10), [], objects(1500, 10)]));
  t.strictSame(taken, { objects: 4500, bytes: 45_000 });
  t.strictSame(batches, [2048, 2048, 404]);
  t.equal(noted.length, 4500);
  const [first] = objects(1, 10);
  t.strictSame(noted[0], { site: 7, digest: digestOf(first ?? ''), size: 10, chunks: null });
});

t.test('a batch ends at 4 MiB', async (t) => {
  const { intake, batches } = fakes();
  await intake.takeBundle(1, streamOf([objects(100, SMALL_OBJECT)]));
  t.strictSame(batches, [64, 36]);
});

t.test('an empty bundle stores nothing', async (t) => {
  const { intake, batches } = fakes();
  t.strictSame(await intake.takeBundle(1, streamOf([])), { objects: 0, bytes: 0 });
  t.strictSame(batches, []);
});

t.test('when the source fails, what was stored before stays', async (t) => {
  const { intake, batches, noted } = fakes();
  async function* cutOff() {
    yield objects(3000, 10);
    throw new SkerryError('truncated-upload', 'gone');
  }
  await t.rejects(intake.takeBundle(1, cutOff()), { code: 'truncated-upload' });
  t.strictSame(batches, [2048]);
  t.equal(noted.length, 2048, 'nothing is under way any more');
});

t.test('a store that fails ends the intake, and with it the source', async (t) => {
  for (const failAfter of [0, 1]) {
    const { intake, noted } = fakes(failAfter);
    let ended = false;
    async function* endless() {
      try {
        while (true) yield objects(1000, 10);
      } finally {
        ended = true;
      }
    }
    await t.rejects(intake.takeBundle(1, endless()), { code: 'disk-full' });
    t.ok(ended);
    t.equal(noted.length, failAfter * 2048);
  }
  const { intake } = fakes(0);
  await t.rejects(intake.takeBundle(1, streamOf([objects(1, 1)])), { code: 'disk-full' }, 'the last batch');
});

t.test('uploads of several publishers wait in the turn of none of them', async (t) => {
  const { intake, callers } = fakes();
  const takes = ['publish:evil', 'publish:quiet', 'publish:evil'].map((name) =>
    caller.run({ name }, () => intake.take(1, Readable.from([Buffer.from(name)]))),
  );
  await Promise.all(takes);
  await caller.run({ name: 'publish:evil' }, () => intake.takeBundle(1, streamOf([objects(1, 10)])));
  t.strictSame([...new Set(callers)], ['uploads', 'publish:evil'], 'a bundle is of one publisher');
});

t.test('a site has so many uploads open, and other sites theirs', async (t) => {
  const { intake } = fakes();
  const crawling = Array.from({ length: 1024 }, () => new Readable({ read() {} }));
  const taken = crawling.map((body) => intake.take(1, body));
  await t.rejects(intake.take(1, Readable.from([])), { code: 'too-many-requests' });
  await intake.take(2, Readable.from([]));
  for (const body of crawling.slice(1)) body.push(null);
  crawling[0]?.destroy(new Error('gone'));
  t.equal((await Promise.allSettled(taken)).filter(({ status }) => status === 'rejected').length, 1);
  await intake.take(1, Readable.from([]));
});

t.test('a few bundles of a site are read at a time: what they have brought is held in memory', async (t) => {
  const { intake } = fakes();
  const end = Promise.withResolvers<void>();
  let begun = 0;
  async function* crawling() {
    begun++;
    yield [];
    await end.promise;
  }
  const taken = Array.from({ length: 40 }, () => intake.takeBundle(1, crawling()));
  t.strictSame(await intake.takeBundle(2, streamOf([objects(2, 10)])), { objects: 2, bytes: 20 });
  t.equal(begun, 4, 'the others are not read, and another site is');
  end.resolve();
  t.strictSame(new Set((await Promise.all(taken)).map((one) => one.objects)), new Set([0]));
  t.equal(begun, 40);
});

t.test('what a revision to come may name is offered to edges, and parts of an object are not', async (t) => {
  const { intake, offered } = fakes();
  await intake.take(1, streamOf([Buffer.from('whole')]));
  await intake.takePart(1, streamOf([Buffer.from('part')]));
  t.strictSame(offered, [digestOf('whole')]);
  await intake.takeAnd(1, streamOf([Buffer.from('put')]), undefined, async (object) => {
    t.equal(offered.length, 1, 'the caller says so, when it has recorded the object');
    intake.offer(object);
  });
  t.strictSame(
    offered,
    ['whole', 'put'].map((content) => digestOf(content)),
  );
});

import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import type { ObjectFetch } from '../../../../edge/follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../../../../edge/follow/fetch/object-source.ts';
import { PartialObjects } from '../../../../edge/read-through/partial-objects.ts';
import { ReadThrough } from '../../../../edge/read-through/read-through.ts';
import type { EdgeCatalog } from '../../../../edge/store/catalog.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import type { ObjectStore } from '../../../../shared/store/object-store.ts';

/** What an upstream lets one member have waiting: more is refused. */
const REFUSED_BEYOND = 64;

/** An edge that holds nothing; `fetch` brings what is asked for in one go. */
function lazyEdge(fetch: (digests: readonly Digest[]) => Promise<void>): ReadThrough {
  const held = new Set<Digest>();
  return new ReadThrough({
    catalog: {
      fetchable: async (digest) => ({
        kind: 'content',
        object: { digest, size: 100, chunks: null },
        otherVersions: [],
      }),
    } as Pick<EdgeCatalog, 'fetchable'> as EdgeCatalog,
    store: {
      missing: async (digests) => digests.filter((digest) => !held.has(digest)),
    } as Pick<ObjectStore, 'missing'> as ObjectStore,
    objects: {
      async fetch(_source, needed) {
        const digests = needed.map(({ digest }) => digest);
        await fetch(digests);
        for (const digest of digests) held.add(digest);
      },
    } as Pick<ObjectFetch, 'fetch'> as ObjectFetch,
    partials: new PartialObjects(),
    budget: undefined,
    sources: () => [{} as ObjectSource],
    blame: () => {},
    tier: () => 'origin',
    transfer: { signal: new AbortController().signal, bandwidths: [] },
    now: () => 0,
  });
}

/** Counts what is under way. */
function counted(work: (digests: readonly Digest[]) => Promise<void>) {
  let running = 0;
  const counts = { most: 0, all: 0 };
  const fetch = async (digests: readonly Digest[]) => {
    counts.all++;
    counts.most = Math.max(counts.most, ++running);
    try {
      await work(digests);
    } finally {
      running--;
    }
  };
  return { counts, fetch };
}

const digests = Array.from({ length: 256 }, (_, i) => digestOf(`${i}`));

t.test('what is missed while much is under way waits and travels together', async (t) => {
  const opened = Promise.withResolvers<void>();
  const { counts, fetch } = counted(() => opened.promise);
  const reads = lazyEdge(fetch);
  const whole: Promise<void>[] = [];
  for (const digest of digests) {
    whole.push(reads.whole('a', digest));
    // On a busy machine hardly two are missed in one turn.
    await turn();
    await turn();
  }
  opened.resolve();
  await Promise.all(whole);
  t.ok(counts.most < REFUSED_BEYOND / 3, `${counts.most} at a time, each of up to three bundles`);
  t.ok(counts.all < digests.length / 4, `${counts.all} in all`);
});

t.test('one that cannot be had does not send all the others out at once', async (t) => {
  const [lost] = digests;
  const { counts, fetch } = counted(async (asked) => {
    await turn();
    if (lost !== undefined && asked.includes(lost)) throw new SkerryError('no-such-object', 'it is lost');
  });
  const reads = lazyEdge(fetch);
  const ends = await Promise.allSettled(digests.map((digest) => reads.whole('a', digest)));
  t.equal(ends.filter(({ status }) => status === 'rejected').length, 1);
  t.ok(counts.most < REFUSED_BEYOND / 3, `${counts.most} at a time`);
});

t.test('who waits for too much is told so; others are not', async (t) => {
  const opened = Promise.withResolvers<void>();
  const reads = lazyEdge(() => opened.promise);
  const waiting = Array.from({ length: 2048 }, (_, i) => reads.whole('a', digestOf(`${i}`)));
  await t.rejects(reads.whole('a', digestOf('one more')), { code: 'too-many-misses' });
  const other = reads.whole('b', digestOf('another'));
  opened.resolve();
  await Promise.all([...waiting, other]);
  await t.resolves(reads.whole('a', digestOf('one more')));
});

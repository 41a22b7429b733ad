import { Readable } from 'node:stream';
import t from 'tap';
import { dropPurged } from '../../../../../edge/disk-budget/drop-purged.ts';
import type { PartialObjects } from '../../../../../edge/read-through/partial-objects.ts';
import type { EdgeCatalog, PendingPurge } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { applyPurges, type PurgeParts } from '../../../../../edge/work/purge/apply-purges.ts';
import { InProcessGate } from '../../../../../shared/concurrency/gate.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { createLogger } from '../../../../../shared/process/logger.ts';
import type { ObjectStore } from '../../../../../shared/store/object-store.ts';
import { edgeSite } from '../../edge-site.ts';

const FILES = 2000;
/** Of a loop that is not held up by a page that takes a tenth of a second and more. */
const TURNS = 5;

const entries: Entry[] = Array.from({ length: FILES }, (_, i) => ({
  path: `${'a/'.repeat(50)}${i}` as ContentPath,
  digest: digestOf(`${i}`),
  size: 1,
  chunks: null,
  type: 'text/plain',
  meta: [],
  time: 1,
}));

/** As many patterns as a site may have, all of them for tags: they are held against each path. */
const costly = Array.from({ length: 500 }, (_, i) => `/*/${i}\n  Cache-Tag: t${i}\n`).join('');
const tagged = (...tags: string[]) => ({ all: false, paths: [], globs: [], tags });

/** Carries a purge out at a site of many files; gives what it matched. */
async function purge(headersFile: string, target: PendingPurge['target']): Promise<number | undefined> {
  const headers = { ...(entries[0] as Entry), path: '_headers' as ContentPath };
  let pending: PendingPurge[] = [{ seq: 3, target }];
  let matched: number | undefined;
  const parts: PurgeParts = {
    catalog: {
      sitesToPurge: async () => (pending.length > 0 ? [1] : []),
      pendingPurges: async () => pending,
      site: async (id: number) => [edgeSite({ covers: WHOLE })].find((known) => known.id === id),
      entryAt: async () => headers,
      manifestPage: async () => ({ entries, next: undefined }),
    } as unknown as EdgeCatalog,
    store: { open: async () => Readable.from([Buffer.from(headersFile)]) } as unknown as ObjectStore,
    forget: () => {},
    shown: async () => {},
    damaged: async () => [],
    repair: async () => {},
    drop: undefined,
    async done(_site, purges) {
      matched = purges[0]?.matched;
      pending = [];
    },
    log: createLogger(),
  };
  await applyPurges(parts, new AbortController().signal);
  return matched;
}

/** Turns that the event loop took meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let immediate = setImmediate(function again() {
    turns++;
    immediate = setImmediate(again);
  });
  await work();
  clearImmediate(immediate);
  return turns;
}

t.test('a purge of tags leaves the event loop its turns, whatever the rules of the site cost', async (t) => {
  let matched: number | undefined;
  const turns = await turnsDuring(async () => {
    matched = await purge(costly, tagged('t1', 't7'));
  });
  t.equal(matched, 2);
  t.ok(turns > TURNS, `${turns} turns`);
});

t.test('so does what a lazy edge drops', async (t) => {
  const objects = entries.map(({ path, digest }) => ({ site: 1, path, digest }));
  const turns = await turnsDuring(() =>
    dropPurged(
      {
        catalog: {
          objectsOfPath: async () => [],
          objectsOfSite: async () => ({ objects, next: undefined }),
          allNames: async () => [],
        },
        store: { missing: async () => [], remove: async () => {} } as unknown as ObjectStore,
        partials: { get: () => undefined, drop: async () => true } as unknown as PartialObjects,
        gate: new InProcessGate(),
        pinned: async () => new Set(),
      },
      1,
      tagged('t'),
      () => {
        const end = performance.now() + 0.1;
        while (performance.now() < end);
        return false;
      },
      new AbortController().signal,
    ),
  );
  t.ok(turns > TURNS, `${turns} turns`);
});

t.test('of the rules only those for tags count', async (t) => {
  const rules = '/*\n  Cache-Tag: all\n  X-Other: :splat\n/*/1999\n  ! Cache-Tag\n  Surrogate-Key: last\n';
  t.equal(await purge(rules, tagged('all')), FILES - 1);
  t.equal(await purge(rules, tagged('last')), 1);
  t.equal(await purge(rules, tagged('none')), 0);
});

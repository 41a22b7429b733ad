import type { Logger } from 'pino';
import t from 'tap';
import type { EdgeCatalog, PendingPurge } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { applyPurges, type PurgeParts } from '../../../../../edge/work/purge/apply-purges.ts';
import { carryOutPurges } from '../../../../../edge/work/purge/purge-loop.ts';
import { Wakeup } from '../../../../../shared/concurrency/wakeup.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { createLogger } from '../../../../../shared/process/logger.ts';
import type { ObjectStore } from '../../../../../shared/store/object-store.ts';
import { turnedClock } from '../../../../helpers/turned-clock.ts';
import { until } from '../../../../helpers/until.ts';
import { edgeSite } from '../../edge-site.ts';

const entry: Entry = {
  path: 'a.txt' as ContentPath,
  digest: digestOf('a'),
  size: 1,
  chunks: null,
  type: 'text/plain',
  meta: [],
  time: 1,
};
const target = { all: false, paths: ['a.txt'], globs: [], tags: [] };

t.test(
  'a purge that broke off is tried again, holds up no other site, and is answered for once',
  async (t) => {
    const pending = new Map<number, PendingPurge[]>([
      [1, [{ seq: 3, target }]],
      [9, [{ seq: 4, target }]],
    ]);
    const done: [seq: number, matched: number][] = [];
    const forgotten: unknown[] = [];
    let tries = 0;
    const clock = turnedClock();
    const parts: PurgeParts = {
      catalog: {
        sitesToPurge: async () => [...pending.keys()],
        pendingPurges: async (site: number) => pending.get(site),
        site: async (id: number) => [edgeSite({ covers: WHOLE })].find((known) => known.id === id),
        entryAt: async () => entry,
      } as unknown as EdgeCatalog,
      store: {} as ObjectStore,
      forget: (digests) => forgotten.push(digests),
      shown: async () => {},
      async damaged() {
        if (++tries < 3) throw new Error('the disk did not answer');
        return [];
      },
      repair: async () => {},
      drop: undefined,
      async done(site, purges) {
        for (const { seq, matched } of purges) done.push([seq, matched]);
        pending.delete(site);
      },
      log: createLogger(),
    };
    const stopping = new AbortController();
    const running = carryOutPurges(
      () => applyPurges(parts, stopping.signal),
      { clock, log: parts.log },
      new Wakeup(),
      stopping.signal,
    );
    for (let i = 1; i < 3; i++) {
      await until('a failure', () => tries === i);
      t.strictSame(done, [[4, 0]], 'one of another site is not held up');
      await until('another try', () => {
        clock.advance(60_000);
        return tries > i;
      });
    }
    await until('both', () => done.length === 2);
    t.strictSame(done, [
      [4, 0],
      [3, 1],
    ]);
    t.strictSame(forgotten, [[entry.digest]]);
    stopping.abort();
    await running;
  },
);

t.test('of several sites whose purges break off each is told of', async (t) => {
  const said: unknown[] = [];
  const parts = {
    catalog: {
      sitesToPurge: async () => [1, 9],
      async pendingPurges(site: number) {
        throw new Error(`no disk for ${site}`);
      },
    } as unknown as EdgeCatalog,
    log: {
      warn: ({ err, site }: { err: Error; site: number }) => said.push([site, err.message]),
    } as unknown as Logger,
  } as unknown as PurgeParts;
  await t.rejects(applyPurges(parts, new AbortController().signal), { message: /2 sites/ });
  t.strictSame(said, [
    [1, 'no disk for 1'],
    [9, 'no disk for 9'],
  ]);
});

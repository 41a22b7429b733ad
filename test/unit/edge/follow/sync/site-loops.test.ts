import t from 'tap';
import { SiteLoops } from '../../../../../edge/follow/sync/site-loops.ts';
import type { EdgeSite } from '../../../../../edge/store/catalog.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { KeyedLock } from '../../../../../shared/concurrency/keyed-lock.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { activation, edgeSite } from '../../edge-site.ts';

type Parts = ConstructorParameters<typeof SiteLoops>[0];

const site = (active: number) =>
  edgeSite({
    active: { revision: active, root: null, seq: active * 10, files: null },
    activations: active < 2 ? [activation(2)] : [],
  });
const siteOf = (id: number, sites: readonly EdgeSite[]) => sites.find((known) => known.id === id);
const parts = (
  sites: () => Promise<EdgeSite[]>,
  site: (id: number) => Promise<EdgeSite | undefined>,
  log: object = { warn() {} },
) =>
  ({
    catalog: {
      sites,
      site,
    },
    log,
    limits: NO_LIMITS,
    manifests: new KeyedLock<number>(),
    isPaused: () => false,
    began: () => () => {},
    clock: systemClock,
    time: { now: () => 0, proven: () => 0 },
    upstreams: { current: { url: 'http://upstream' }, avoid() {} },
    faults: { note() {} },
    sourceOf: () => ({}),
  }) as unknown as Parts;

t.test('a wake in the moment in which a loop finds nothing left to do is not lost', async (t) => {
  const reads: ((sites: EdgeSite[]) => void)[] = [];
  const sites = () => new Promise<EdgeSite[]>((resolve) => reads.push(resolve));
  const one = (id: number) =>
    new Promise<EdgeSite | undefined>((resolve) => reads.push((all) => resolve(siteOf(id, all))));
  const stop = new AbortController();
  const loops = new SiteLoops(parts(sites, one), stop.signal);

  const first = loops.wake();
  reads[0]?.([site(1)]);
  await first;
  const second = loops.wake();
  t.equal(reads.length, 3, 'the loop and the second wake both read');
  // The answers arrive together: the loop sees a site that is current, the wake one that has moved on.
  reads[1]?.([site(2)]);
  reads[2]?.([site(1)]);
  await second;
  t.equal(reads.length, 4, 'a new loop has begun');
  reads[3]?.([]);
  stop.abort();
  await loops.ended();
});

t.test('a loop whose catalog cannot be read tries again', async (t) => {
  const answers = [[site(1)], undefined, [site(1)], [site(2)]];
  let reads = 0;
  const sites = async () => {
    const answer = answers[reads++];
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  const stop = new AbortController();
  const told = Promise.withResolvers<void>();
  const log = { warn: () => told.resolve() };
  const loops = new SiteLoops(
    parts(sites, async (id) => siteOf(id, await sites()), log),
    stop.signal,
  );
  await loops.wake();
  await told.promise;
  await loops.wake();
  await loops.ended();
  t.equal(reads, 4, 'and ends when it sees that nothing is left to do');
});

t.test('what is live does not wait for a draft that no upstream holds', async (t) => {
  const aliased = { name: 'pr-1', root: digestOf('3'), seq: 30, files: 1, expires: 1_000_000 };
  const drafted = edgeSite({
    activations: [activation(4)],
    aliases: [{ ...aliased, revision: 3, shown: 2 }],
    kept: [{ revision: 2, covers: null, isWhole: true }],
  });
  const [parent, origin] = [{ url: 'http://parent' }, { url: 'http://origin' }];
  const upstreams = { current: parent, avoid() {}, advance: () => (upstreams.current = origin) };
  const tried: [url: string, revision: number][] = [];
  const stop = new AbortController();
  const cannot = async (_site: number, revision: number) => {
    tried.push([upstreams.current.url, revision]);
    if (revision === 4) stop.abort();
    throw new SkerryError('no-longer-held', `revision ${revision} is not held here`);
  };
  const world = parts(
    async () => [drafted],
    async () => drafted,
  );
  const catalog = { ...world.catalog, beginStaging: cannot };
  const loops = new SiteLoops({ ...world, catalog, upstreams } as unknown as Parts, stop.signal);
  await loops.wake();
  await loops.ended();
  t.strictSame(
    tried.map(([url, revision]) => `${revision} at ${url}`),
    [
      ...['3 at http://parent', '3 at http://parent', '3 at http://parent'],
      ...['3 at http://origin', '4 at http://origin'],
    ],
    'it asks every upstream for the draft first, and gives up nothing that is shown',
  );
});

t.test('a step is chosen again when a repair gives up what it builds on', async (t) => {
  const alias = { name: 'pr-1', root: digestOf('3'), seq: 30, files: 1, expires: 1_000_000, shown: 0 };
  const aliases = [
    { ...alias, revision: 3 },
    { ...alias, name: 'pr-2', revision: 4 },
  ];
  let present = edgeSite({ aliases, kept: [{ revision: 3, covers: null, isWhole: false }] });
  const stop = new AbortController();
  const staged: number[] = [];
  const read = Promise.withResolvers<void>();
  const world = parts(
    async () => [present],
    async () => {
      read.resolve();
      return present;
    },
  );
  const catalog = {
    ...world.catalog,
    async beginStaging(_site: number, revision: number) {
      staged.push(revision);
      stop.abort();
      throw new Error('that is enough');
    },
  };
  const repaired = Promise.withResolvers<void>();
  const repair = world.manifests.run(1, () => repaired.promise);
  const loops = new SiteLoops({ ...world, catalog } as unknown as Parts, stop.signal);
  await loops.wake();
  await read.promise;
  present = edgeSite({ aliases });
  repaired.resolve();
  await repair;
  await loops.ended();
  t.strictSame(staged, [3], 'the older one comes first again');
});

import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { AheadFetch } from '../../../../../edge/follow/ahead/ahead-fetch.ts';
import { Faults } from '../../../../../edge/follow/faults.ts';
import { join } from '../../../../../edge/follow/upstream/join.ts';
import { Upstream } from '../../../../../edge/follow/upstream/upstream.ts';
import { Upstreams } from '../../../../../edge/follow/upstream/upstreams.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { InProcessGate } from '../../../../../shared/concurrency/gate.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { FeedSource } from '../../../../../shared/feed/feed-source.ts';
import { type AheadPage, signAheadPage } from '../../../../../shared/log/ahead-page.ts';
import { generateSigningKey } from '../../../../../shared/signing/keys.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { type FeedDouble, startFeedDouble } from '../../../../helpers/feed-double.ts';
import { InnerEdge } from '../../../../helpers/inner-edge.ts';
import { INNER_LOG, type InnerOrigin, openInnerOrigin } from '../../../../helpers/inner-origin.ts';
import { SharedEncodings } from '../../../../helpers/own-encodings.ts';
import { until } from '../../../../helpers/until.ts';
import { edgeKey, LOG, originKey } from '../../../shared/fixed-keys.ts';
import { edgeSite } from '../../edge-site.ts';
import { SignedLog } from '../../signed-log.ts';

const log = pino({ level: 'silent' });
const MB = 1024 * 1024;
/** Enough for a page. One of them has a chunk list. */
const SIZES = [MB, MB / 2, 3 * MB];

interface World {
  readonly origin: InnerOrigin;
  readonly server: FeedDouble;
  readonly site: number;
  /** For whom the origin was asked for objects. */
  readonly asked: string[];
  edge(name: string, isParent?: boolean): Promise<InnerEdge>;
  serve(): Promise<FeedDouble>;
}

async function open(t: Test): Promise<World> {
  const encodings = new SharedEncodings();
  t.teardown(() => encodings.close());
  const origin = await openInnerOrigin(systemClock, encodings.own());
  t.teardown(() => origin.close());
  const serve = async () => {
    const server = await startFeedDouble(systemClock);
    t.teardown(() => server.close());
    return server;
  };
  const server = await serve();
  const asked: string[] = [];
  const objectsFor: FeedSource['objectsFor'] = (member) => {
    asked.push(member);
    return origin.feed.objectsFor(member);
  };
  server.serve({ ...origin.feed, objectsFor });
  const { id } = await origin.catalog.putSite('docs', [], systemClock.now());
  return {
    ...{ origin, server, site: id, asked, serve },
    async edge(name, isParent = false) {
      const parts = { name, clock: systemClock, log, shown: () => {} };
      const made = await InnerEdge.join(
        { ...parts, encodings: isParent ? encodings.own() : undefined },
        server.url,
        await origin.joinToken(name),
      );
      t.teardown(() => made.remove());
      return made;
    },
  };
}

interface Uploads {
  readonly digests: readonly Digest[];
  readonly changes: readonly Change[];
}

async function upload({ origin, site }: World, sizes: readonly number[] = SIZES): Promise<Uploads> {
  const contents = sizes.map((size) => randomBytes(size));
  const changes: Change[] = [];
  for (const [i, bytes] of contents.entries())
    changes.push(await origin.put(site, `a/${i}`, bytes, systemClock.now()));
  return { digests: contents.map(digestOf), changes };
}

const commit = ({ origin, site }: World, { changes }: Uploads) =>
  origin.committer.commitChanges(site, { mode: 'async' }, async () => changes);

const holds = (edge: InnerEdge, { digests }: Uploads) =>
  until(`${edge.name} to hold the objects`, () => digests.every((one) => edge.disk.objects.has(one)));

const shows = (edge: InnerEdge, revision: number) =>
  until(`${edge.name} to show revision ${revision}`, () =>
    edge.views.some((view) => view.revision === revision),
  );

const prune = (edge: InnerEdge) =>
  edge.replica?.work.ask('prune', {}, { by: { kind: 'admin-port' }, signal: new AbortController().signal });

t.test('an edge has the objects before they are published, and shows nothing until then', async (t) => {
  const world = await open(t);
  const edge = await world.edge('edge');
  await edge.start([world.server.url], NO_LIMITS);
  const first = await upload(world);
  await holds(edge, first);
  t.strictSame(
    edge.views.filter(({ revision }) => revision > 0),
    [],
  );
  t.strictSame(edge.catalog.unsentStatements(10, MB), []);
  t.equal((await edge.replica?.status())?.faults.length, 0);

  await prune(edge);
  await holds(edge, first);
  const asked = world.asked.length;
  await commit(world, first);
  await shows(edge, 1);
  t.equal(world.asked.length, asked, 'nothing is fetched a second time');

  const second = await upload(world);
  await commit(world, { ...second, changes: second.changes.slice(1) });
  await shows(edge, 2);
  t.notOk(
    second.digests.slice(0, 1).some((digest) => edge.disk.objects.has(digest)),
    'a site that has a revision gets what that needs, and nothing else',
  );
  await until('the origin to offer nothing more', () => world.origin.feed.ahead.sites.length === 0);
});

t.test('a parent passes on what it has fetched, and an edge for other paths fetches nothing', async (t) => {
  const world = await open(t);
  const parent = await world.edge('parent', true);
  const child = await world.edge('child');
  const limited = await world.edge('limited');
  await parent.start([world.server.url], NO_LIMITS);
  const server = await world.serve();
  server.serve(parent.replica?.feed);
  await limited.start([server.url], { ...NO_LIMITS, prefixes: ['b/'] });
  await child.start([server.url], NO_LIMITS);
  const uploads = await upload(world);
  await holds(child, uploads);
  t.notOk(world.asked.includes('child'));
  t.strictSame([...limited.disk.objects.keys()], []);

  await commit(world, uploads);
  await shows(child, 1);
  await shows(limited, 1);
  t.strictSame([...limited.disk.objects.keys()], []);
  await until('the parent to offer nothing more', () => parent.replica?.feed?.ahead.sites.length === 0);
});

t.test('what never gets a revision is pruned', async (t) => {
  const world = await open(t);
  const edge = await world.edge('edge');
  await edge.start([world.server.url], NO_LIMITS);
  await holds(edge, await upload(world));
  await world.origin.catalog.deleteSite('docs', systemClock.now());
  await until('the edge to hear of it', () => edge.catalog.sites().length === 0);
  await until('pruning to remove all', async () => {
    await prune(edge);
    return edge.disk.objects.size === 0;
  });
});

t.test('a member that may not read the site gets neither the list nor the objects', async (t) => {
  const world = await open(t);
  const edge = await world.edge('edge');
  await edge.start([world.server.url], NO_LIMITS);
  const { digests } = await upload(world);
  await holds(edge, { digests, changes: [] });
  const upstream = new Upstream({ url: world.server.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  const transfer = { signal: new AbortController().signal, bandwidths: [] };
  for (const [name, mayRead] of [
    ['reader', ['docs']],
    ['other', ['blog']],
  ] as const) {
    const key = generateSigningKey();
    const token = await world.origin.joinToken(name, mayRead);
    const place = { origin: world.server.url, token, name, region: 'r', lat: null, lon: null };
    await join(upstream, place, key, transfer.signal);
    const self = { name, key, log: INNER_LOG };
    const [digest] = digests;
    if (digest === undefined) throw new Error('there are objects');
    const got = async () => {
      const found: Digest[] = [];
      for await (const item of upstream.bundle(self, [digest], undefined, transfer)) found.push(item.digest);
      return found;
    };
    const listed = upstream.objectsAhead(self, world.site, { list: '', page: 0 }, transfer);
    const alone = upstream.object(self, digest, undefined, transfer);
    if (name === 'reader') {
      t.match(await listed, { site: world.site, page: 0 });
      t.strictSame(await got(), [digest]);
      (await alone).destroy();
      continue;
    }
    await t.rejects(listed, { code: 'forbidden' });
    await t.rejects(alone, { code: 'no-such-object' });
    t.strictSame(await got(), []);
  }
});

/** A fetch whose parts are doubles, for one site without a revision. */
function alone(pages: (asked: { list: string; page: number }) => AheadPage | undefined) {
  const does: string[] = [];
  const faults = new Faults(systemClock);
  const upstreams = new Upstreams([{ url: 'http://parent.test', isOrigin: false }], systemClock);
  upstreams.current.objectsAhead = async (_self, site, asked) => {
    does.push(`page ${asked.page} of ${site}`);
    return pages(asked);
  };
  let arrive = () => {};
  const stop = new AbortController();
  const fetch = new AheadFetch(
    {
      catalog: {
        site: async (id: number) => edgeSite({ id }),
        noteAhead: async () => void does.push('note'),
        aheadUse: async () => new Map(),
        releaseAhead: async () => void does.push('release') as unknown as boolean,
      },
      objects: {
        fetch: (_source, needed, _bases, _arrived, { signal }) =>
          new Promise((resolve, reject) => {
            does.push(`fetch ${needed.length}`);
            arrive = resolve;
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
      },
      ...{ gate: new InProcessGate(), upstreams, faults, bandwidth: undefined, offers: undefined, log },
      sourceOf: (upstream) => ({
        upstream,
        self: { name: 'e', key: edgeKey, log: LOG },
        keepEncoded: undefined,
      }),
      position: { chain: SignedLog.start() },
      mayFetch: () => true,
      freeDisk: () => undefined,
      time: { now: () => 0 },
    },
    stop.signal,
  );
  const running = fetch.run();
  t.teardown(async () => {
    stop.abort();
    await running;
    await upstreams.close();
  });
  const did = (what: string) => until(what, () => does.includes(what));
  return { fetch, does, did, faults, arrived: () => arrive() };
}

const OBJECT = { digest: digestOf('a'), size: 1, chunks: null };
const signed = (place: Partial<AheadPage> = {}, key = originKey, of = LOG) =>
  signAheadPage({ log: of, epoch: 1 }, { site: 1, list: '0'.repeat(16), page: 0, ...place }, [OBJECT], key);

t.test('what the origin has not signed for this place is a fault, and is not fetched', async (t) => {
  const table: [name: string, page: AheadPage, code: string][] = [
    ['signed by another', signed({}, edgeKey), 'bad-signature'],
    ['of another log', signed({}, originKey, 'f'.repeat(32)), 'bad-signature'],
    [
      'with an object more',
      { ...signed(), objects: [...signed().objects, [digestOf('b'), 1, null]] },
      'bad-signature',
    ],
    ['of another site', signed({ site: 2 }), 'upstream-protocol'],
    ['a later page', signed({ page: 1 }), 'upstream-protocol'],
  ];
  for (const [name, page, code] of table) {
    const { fetch, does, faults } = alone(() => page);
    fetch.offered([1]);
    await until('the fault', () => faults.list().length > 0);
    t.match(faults.list(), [{ code, upstream: 'http://parent.test' }], name);
    t.strictSame(does, ['page 0 of 1'], name);
  }
});

t.test('a step of another site interrupts a page, and comes first', async (t) => {
  const { fetch, does, did, arrived } = alone(({ page }) => (page === 0 ? signed() : undefined));
  fetch.offered([1]);
  await did('fetch 1');
  const ownEnds = fetch.began(1);
  const otherEnds = fetch.began(2);
  await until('the page to be interrupted', async () => {
    // While a page is being fetched, nothing is released.
    await fetch.release(new AbortController().signal);
    return does.includes('release');
  });
  ownEnds();
  fetch.offered([1]);
  t.strictSame(does.slice(0, 3), ['page 0 of 1', 'note', 'fetch 1']);
  does.length = 0;
  otherEnds();
  await did('fetch 1');
  arrived();
  await did('page 1 of 1');
  t.strictSame(does, ['page 0 of 1', 'note', 'fetch 1', 'page 1 of 1']);
});

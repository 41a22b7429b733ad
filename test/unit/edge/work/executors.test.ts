import { Readable } from 'node:stream';
import t from 'tap';
import { ObjectFetch } from '../../../../edge/follow/fetch/object-fetch.ts';
import type { ReadThrough } from '../../../../edge/read-through/read-through.ts';
import type { ReplicaStatus } from '../../../../edge/report/replica-status.ts';
import { WHOLE } from '../../../../edge/store/cover.ts';
import { openSqliteEdgeCatalog } from '../../../../edge/store/sqlite/sqlite-catalog.ts';
import type { Progress } from '../../../../edge/work/executor/executor.ts';
import { allExecutors, type WorkParts } from '../../../../edge/work/registry.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import { encodeChunkList } from '../../../../shared/content/chunk-list.ts';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import { signPurgeReceipt } from '../../../../shared/log/purge-receipt.ts';
import { createLogger } from '../../../../shared/process/logger.ts';
import { nameSchema } from '../../../../shared/site/names.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import { NO_LIMITS } from '../../../../shared/wire/protocol.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';
import { edgeKey, LOG } from '../../shared/fixed-keys.ts';
import { SignedLog } from '../signed-log.ts';

/** What each kind is asked for here. A kind that is missing fails the contract: add a line. */
const NEVER = new AbortController().signal;
const ASKED: Readonly<Record<string, unknown>> = {
  verify: { repair: false },
  repair: { site: 'docs' },
  'sync-now': {},
  'report-state': {},
  warm: { site: 'docs', paths: ['/*'] },
  prune: {},
  purge: {},
  'upload-objects': { objects: ['1', '2', 'none'].map((text) => ({ digest: digestOf(text), size: 1 })) },
};

const STATUS: ReplicaStatus = {
  ...{
    position: 1,
    head: 1,
    parent: null,
    upstream: 'http://a.test',
    isPaused: false,
    isDrained: false,
    leaseSeconds: 1,
  },
  ...{ clockOffset: null, sites: [], faults: [], contactSeconds: 1, isRefused: false, isDiverged: false },
};

const by = { kind: 'edge' } as const;

const NOBODY = { nodes: () => Promise.reject(new Error('nobody is asked')) };

/** An edge with one site that has had three revisions of one file, of which the last is kept, and a purge. */
async function edge(upstream: object = NOBODY) {
  const catalog = openSqliteEdgeCatalog(':memory:');
  const log = new SignedLog();
  const disk = new MemoryDisk();
  const policy = { ...DEFAULT_POLICY, retention: { revisions: 1, days: 0 } };
  const settings = { name: 'docs', domains: [], deleted: false, policy };
  const store = (record: ReturnType<SignedLog['append']>) =>
    catalog.storeRecords([record], SignedLog.start());
  store(log.append({ kind: 'settings', payload: JSON.stringify(settings) }));
  for (const revision of [1, 2, 3]) {
    const digest = digestOf(`${revision}`);
    disk.objects.set(digest, Buffer.from(`${revision}`));
    catalog.beginStaging(1, revision, digestOf(`root ${revision}`));
    const entry = {
      ...{ path: 'a' as ContentPath, digest, size: 1, chunks: null },
      ...{ type: 'text/plain', meta: [], time: 0 },
    };
    catalog.stage(1, revision, [{ kind: 'put', entry }]);
    catalog.sealLeaves(1, revision, -1, 1000);
    const root = catalog.sealRoot(1, revision);
    catalog.reveal(1, { revision, root, seq: revision, files: 1 }, WHOLE, 0);
  }
  const target = { all: false, paths: ['a'], globs: [], tags: [] };
  store(log.append({ kind: 'purge', payload: JSON.stringify(target) }));
  const forgotten: (readonly Digest[] | 'all')[] = [];
  const parts = {
    ...{ catalog: asRemote(catalog), store: openMemoryStore(disk), limits: NO_LIMITS },
    ...{
      gate: new InProcessGate(),
      manifests: new KeyedLock<number>(),
      lazy: undefined,
      log: createLogger(),
    },
    ...{ loops: { wake: async () => false, progress: () => undefined }, isPaused: () => false },
    ...{
      visible: { revision: () => 3 },
      time: { proven: () => 0 },
      changed: new Wakeup(),
      clock: systemClock,
    },
    status: async () => STATUS,
    storage: () => null,
    newestLines: () => ['a line'],
    reads: { whole: async () => {} } as unknown as ReadThrough,
    readers: { forget: (digests: readonly Digest[] | 'all') => void forgotten.push(digests) },
    source: () => ({ upstream }),
    objects: new ObjectFetch(openMemoryStore(disk), new InProcessGate()),
    upload: async () => {},
    shown: async () => {},
    releaseAhead: async () => {},
    purged: async (site: number, purges: readonly { seq: number; matched: number }[]) =>
      catalog.purgesDone(
        purges.map((one) =>
          signPurgeReceipt({ log: LOG, epoch: 1, edge: 'oslo', site, ...one, since: 1 }, edgeKey),
        ),
      ),
  } as unknown as WorkParts;
  return { executors: allExecutors(parts), catalog, disk };
}

/** All that is here, in an order of its own. */
function stateOf({ catalog, disk }: Awaited<ReturnType<typeof edge>>): unknown {
  const left = { removals: catalog.removals(10), purges: catalog.sitesToPurge() };
  return { sites: catalog.sites(), held: catalog.held(1), objects: [...disk.objects.keys()], ...left };
}

for (const { kind } of (await edge()).executors) {
  t.test(`${kind} keeps to the contract of executors`, async (t) => {
    const world = await edge();
    const executor = world.executors.find((one) => one.kind === kind);
    if (executor === undefined) throw new Error(`${kind} is gone`);
    t.doesNotThrow(() => schema(nameSchema).parse(kind), 'its name is an address');
    const args = schema(executor.arguments).parse(ASKED[kind]);
    const progress: Progress[] = [];
    const run = (signal: AbortSignal) =>
      executor.run(args, { by, signal, pause: NEVER, progress: (now) => progress.push(now) });

    const before = stateOf(world);
    await t.rejects(run(AbortSignal.abort()), { name: 'AbortError' }, 'it stops on its signal');
    t.strictSame(stateOf(world), before, 'and has done nothing');

    const result = await run(NEVER);
    t.doesNotThrow(() => schema(executor.result).parse(result), 'the result is what its schema says');
    t.strictSame(JSON.parse(JSON.stringify(result)), result, 'and can be sent');
    const counts = progress.map(({ objects }) => objects);
    t.strictSame(
      counts,
      counts.toSorted((a, b) => a - b),
      'progress never goes back',
    );

    const once = stateOf(world);
    await run(NEVER);
    t.strictSame(stateOf(world), once, 'a second run changes nothing');
  });
}

t.test('what they do', async (t) => {
  const world = await edge();
  const run = (kind: string) =>
    world.executors
      .find((one) => one.kind === kind)
      ?.run(ASKED[kind], { by, signal: NEVER, pause: NEVER, progress: () => {} });
  t.match(await run('warm'), { site: 'docs', revision: 3, held: { objects: 1, bytes: 1 }, more: false });
  t.strictSame(await run('purge'), { purges: 1, matched: 1 });
  t.strictSame(await run('purge'), { purges: 0, matched: 0 });
  t.equal(world.disk.objects.size, 3);
  t.strictSame(await run('prune'), { objects: 2, bytes: 2 });
  t.strictSame(await run('prune'), { objects: 0, bytes: 0 });
  t.strictSame([...world.disk.objects.keys()], [digestOf('3')]);
  world.disk.objects.clear();
  t.match(await run('verify'), {
    isSound: false,
    verified: 1,
    sites: [{ name: 'docs', damaged: 1, paths: ['a'], repaired: false }],
  });
  t.strictSame(await run('sync-now'), { sites: [{ name: 'docs', revision: 3 }], more: false });
  t.match(await run('report-state'), { siteCount: 0, lines: ['a line'] });
});

t.test('verify and repair look at one site, and at nothing else, when they are asked to', async (t) => {
  const world = await edge();
  const run = async (kind: string, args: object) =>
    world.executors
      .find((one) => one.kind === kind)
      ?.run(args, { by, signal: NEVER, pause: NEVER, progress: () => {} });
  const others = { objects: 0, damaged: 0 };
  t.match(await run('verify', { repair: false }), { others: { objects: 2 } }, 'those of former revisions');
  t.match(await run('verify', { repair: false, site: 'docs' }), { verified: 1, isSound: true, others });
  t.match(await run('repair', {}), { verified: 1, isSound: true, others });
  for (const kind of ['verify', 'repair'])
    await t.rejects(run(kind, { repair: false, site: 'none' }), { code: 'no-such-site' });
});

t.test(
  'a chunk list that the disk lost or altered is found as damage of its file, and repaired',
  async (t) => {
    const large = Buffer.from('large');
    const digest = digestOf(large);
    const list = encodeChunkList({
      object: digest,
      size: large.length,
      chunks: [{ digest, size: large.length }],
    });
    const world = await edge({
      object: async (_self: unknown, asked: Digest) => Readable.from(asked === digestOf(list) ? [list] : []),
    });
    const { catalog, disk } = world;
    disk.objects.set(digest, large);
    const path = 'large' as ContentPath;
    const entry = {
      path,
      digest,
      size: large.length,
      chunks: digestOf(list),
      type: 'text/plain',
      meta: [],
      time: 0,
    };
    catalog.beginStaging(1, 4, digestOf('root 4'));
    catalog.stage(1, 4, [{ kind: 'put', entry }]);
    catalog.sealLeaves(1, 4, -1, 1000);
    catalog.reveal(1, { revision: 4, root: catalog.sealRoot(1, 4), seq: 4, files: 2 }, WHOLE, 0);
    const run = (kind: string, args: object) =>
      world.executors
        .find((one) => one.kind === kind)
        ?.run(args, { by, signal: NEVER, pause: NEVER, progress: () => {} });

    t.match(
      await run('verify', { repair: false }),
      { sites: [{ damaged: 1, paths: ['large'] }] },
      'it is lost',
    );
    t.match(await run('repair', {}), { sites: [{ damaged: 1, repaired: true }] });
    t.match(await run('repair', {}), { sites: [{ damaged: 0 }] });
    disk.objects.set(digestOf(list), Buffer.from('altered'));
    t.match(await run('repair', {}), { sites: [{ damaged: 1, repaired: true }] });
    t.strictSame(disk.objects.get(digestOf(list)), list);
  },
);

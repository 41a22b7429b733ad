import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import t, { type Test } from 'tap';
import type { Catalog, OpenCatalog } from '../../origin/catalog/catalog.ts';
import type { DeployFile } from '../../origin/catalog/deploy-calls.ts';
import { ageLimitsAt } from '../../origin/retention/age-limits.ts';
import { prunableRecords, pruneLog } from '../../origin/retention/log-prune.ts';
import { Retention } from '../../origin/retention/retention.ts';
import type { Clock } from '../../shared/clock.ts';
import { InProcessGate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { SkerryError } from '../../shared/errors.ts';
import { certifyKey } from '../../shared/log/certificate.ts';
import { recordHash, verifyRecord } from '../../shared/log/record.ts';
import { payloads } from '../../shared/log/record-kinds.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { random } from '../helpers/random.ts';
import type { CatalogPlace } from './catalog/harness.ts';

const LOG = 'c0ffee'.padEnd(32, '0');
const key = generateSigningKey();
const certified = certifyKey(LOG, 1, key.publicKey, generateSigningKey());
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_700_000_000_000;

/** Time that stands still until it is turned. */
class TurnedClock implements Clock {
  time = START;
  now = () => this.time;
  monotonic = () => this.time;
  sleep = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
}

/** The digests that a store would hold, slowly. */
class Held {
  readonly digests = new Set<Digest>();
  readonly store = {
    remove: async (digests: readonly Digest[]) => {
      await delay(1);
      for (const digest of digests) this.digests.delete(digest);
    },
  } as ObjectStore;
}

type Tree = Readonly<Record<string, string>>;

const fileOf = (path: string, content: string): DeployFile => ({
  path: path as ContentPath,
  digest: digestOf(content),
  size: content.length,
});
const listOf = (content: string) => (content.startsWith('large') ? digestOf(`list of ${content}`) : null);

class Origin {
  readonly catalog: Catalog;
  readonly clock = new TurnedClock();
  readonly held = new Held();
  readonly gate = new InProcessGate();
  readonly stopping = new AbortController();
  readonly retention: Retention;

  constructor({ catalog }: OpenCatalog) {
    this.catalog = catalog;
    this.retention = new Retention({
      ...{
        catalog,
        store: this.held.store,
        clock: this.clock,
        gate: this.gate,
        runs: new KeyedLock<'prune'>(),
      },
      stopping: this.stopping.signal,
    });
  }

  async upload(site: number, contents: readonly string[]): Promise<void> {
    await this.gate.shared(async () => {
      for (const content of contents) {
        this.held.digests.add(digestOf(content));
        const list = listOf(content);
        if (list !== null) this.held.digests.add(list);
      }
      await delay(1);
      await this.catalog.addObjects(
        contents.map((content) => ({
          site,
          digest: digestOf(content),
          size: content.length,
          chunks: listOf(content),
        })),
        this.clock.now(),
      );
    });
  }

  /** Commits a whole tree as a live revision. */
  async publish(site: number, tree: Tree, state: 'live' | 'pending' = 'live'): Promise<number> {
    await this.upload(site, Object.values(tree));
    const id = `deploy-${site}-${this.clock.time}-${digestOf(JSON.stringify(tree))}`;
    await this.catalog.createDeploy(id, site, this.clock.now());
    await this.catalog.addDeployFiles(
      id,
      Object.entries(tree).map(([path, content]) => fileOf(path, content)),
    );
    const { revision } = await this.catalog.beginStaging(site);
    await this.catalog.stageDeploy(id, revision, this.clock.now(), undefined);
    await this.catalog.stageAbsent(id, revision, undefined);
    await this.catalog.sealLeaves(site, revision, -1, 100_000);
    const root = await this.catalog.sealRoot(site, revision);
    const answer = { revision, unchanged: false, mode: 'async', outcome: 'live' } as const;
    await this.catalog.reveal({
      ...{ site, revision, root, base: 0, message: '', restores: null, time: this.clock.now() },
      mode: 'async',
      activate: state === 'live' ? { mode: 'async' } : null,
      deploy: { id, answer: { ...answer, edges: [], opens: null, receipts: [] } },
    });
    this.clock.time += 1000;
    return revision;
  }

  async site(name: string, revisions: number, days = 0): Promise<number> {
    return (await this.catalog.putSite(name, undefined, this.clock.now(), { retention: { revisions, days } }))
      .id;
  }

  async numbers(site: number): Promise<number[]> {
    return (await this.catalog.revisions(site, 1000)).map(({ revision }) => revision).reverse();
  }

  async manifest(site: number, revision: number): Promise<Entry[]> {
    const { entries } = await this.catalog.manifestPage(site, revision, undefined, 1000);
    return [...entries];
  }

  /** What the store holds beyond what the tree needs. */
  surplus(...trees: readonly Tree[]): number {
    const needed = trees.flatMap((tree) => Object.values(tree));
    const digests = new Set([...needed.map((content) => digestOf(content)), ...needed.map(listOf)]);
    return [...this.held.digests].filter((digest) => !digests.has(digest)).length;
  }
}

/** What every catalog must do to let go of the past. */
export function retentionContract(name: string, place: (t: Test) => Promise<CatalogPlace>): void {
  const suite = (title: string, run: (t: Test, origin: Origin, at: CatalogPlace) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => {
      const at = await place(t);
      const opened = await at.open(key);
      try {
        await opened.catalog.found(LOG, certified, START);
        await run(t, new Origin(opened), at);
      } finally {
        await opened.close();
      }
    });

  suite('old revisions go, with all that is theirs alone', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 2);
    const trees = [1, 2, 3, 4].map(
      (i): Tree => ({ same: 'same', own: `large ${i}`, [`only-${i}`]: `x${i}` }),
    );
    for (const tree of trees) await origin.publish(site, tree);
    const kept = await Promise.all([3, 4].map((revision) => origin.manifest(site, revision)));
    origin.clock.time += 2 * HOUR;

    const plan = await origin.retention.plan();
    t.match(plan, { sites: [{ site: 'one', deleted: false, revisions: [1, 2], objects: 4 }], objects: 4 });
    t.equal(plan.bytes, 2 * ('large 1'.length + 'x1'.length));
    t.strictSame(await origin.numbers(site), [1, 2, 3, 4], 'a plan changes nothing');
    t.strictSame(await origin.retention.run(), plan, 'what was done is what was planned');
    t.strictSame(await origin.numbers(site), [3, 4]);
    t.strictSame(await Promise.all([3, 4].map((revision) => origin.manifest(site, revision))), kept);
    t.equal(origin.surplus(trees[2] ?? {}, trees[3] ?? {}), 0, 'chunk lists have gone with their objects');
    const nothing = { sites: [], objects: 0, bytes: 0, records: 0 };
    t.strictSame(await origin.retention.plan(), nothing);
    t.strictSame(await origin.retention.run(), nothing);

    const gone = { code: 'no-such-revision' };
    await t.rejects(catalog.revision(site, 2), gone);
    await t.rejects(catalog.manifestPage(site, 2, undefined, 10), gone);
    await t.rejects(catalog.diffPage(site, 2, 4, undefined, 10), gone);
    await t.rejects(catalog.diffPage(site, 4, 2, undefined, 10), gone);
    await t.rejects(catalog.entryAt(site, 1, 'same' as ContentPath), gone);
    await t.rejects(catalog.nodesAt(site, 1), gone);
    await t.rejects(catalog.leavesAt(site, 1, [1]), gone);
    await t.rejects(catalog.leafEntries(site, 1, 1), gone);
    t.equal(await origin.publish(site, { after: 'x' }), 5, 'no number is used twice');
  });

  suite('what is pending, pinned or young stays', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1, 10);
    for (const i of [1, 2, 3]) await origin.publish(site, { a: `${i}` });
    await t.rejects(catalog.pin(site, 9, true), { code: 'no-such-revision' });
    await catalog.pin(site, 2, true);
    await catalog.pin(site, 2, true);
    t.match(await catalog.revisions(site, 2), [
      { revision: 3, pinned: false },
      { revision: 2, pinned: true },
    ]);
    await origin.publish(site, { a: '4' }, 'pending');
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [1, 2, 3, 4], 'young');
    origin.clock.time += 11 * DAY;
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [2, 3, 4]);
    t.match(await origin.manifest(site, 2), [{ digest: digestOf('2') }]);
    t.ok(origin.held.digests.has(digestOf('4')));
    await catalog.pin(site, 2, false);
    await origin.retention.run();
    t.strictSame(await origin.numbers(site), [3, 4]);
    t.equal(origin.held.digests.has(digestOf('2')), false);
  });

  suite('objects that a publish may be about to need stay', async (t, origin) => {
    const { catalog, clock } = origin;
    const site = await origin.site('one', 1);
    await origin.upload(site, ['lone', 'named', 'large named']);
    await catalog.createDeploy('open', site, clock.now());
    await catalog.addDeployFiles('open', [fileOf('a', 'named'), fileOf('b', 'large named')]);
    t.match(await origin.retention.run(), { objects: 0 }, 'young ones');
    clock.time += 2 * HOUR;
    t.match(await origin.retention.plan(), { objects: 1, bytes: 4 });
    t.match(await origin.retention.run(), { objects: 1, bytes: 4 }, 'nothing names it');
    t.equal(
      await catalog.siteObject(site, digestOf('lone')),
      undefined,
      'it would have to be uploaded again',
    );
    t.strictSame((await catalog.deployMissing('open', undefined)).missing, []);
    clock.time += DAY;
    await origin.upload(site, ['named']);
    t.match(await origin.retention.plan(), { objects: 1, bytes: 11 });
    t.match(
      await origin.retention.run(),
      { objects: 1, bytes: 11 },
      'the deploy is given up; one was uploaded again',
    );
    await t.rejects(catalog.deploy('open'), { code: 'no-such-deploy' });
    await t.rejects(catalog.stageDeploy('open', 1, 1, undefined), { code: 'no-such-deploy' });
    t.strictSame([...origin.held.digests], [digestOf('named')]);
    clock.time += 2 * HOUR;
    t.match(await origin.retention.run(), { objects: 1 });
    t.equal(origin.held.digests.size, 0);
  });

  suite('a deploy that is done answers for some days, and pins nothing', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    await catalog.createDeploy('done', site, origin.clock.now());
    await origin.upload(site, ['x']);
    await catalog.addDeployFiles('done', [fileOf('a', 'x')]);
    const answer = { revision: 1, seq: 1, unchanged: true };
    const told = { mode: 'async', outcome: 'live', edges: [], opens: null, receipts: [] } as const;
    await catalog.finishDeploy('done', { ...answer, ...told, edges: [], receipts: [] });
    origin.clock.time += 2 * DAY;
    t.match(await origin.retention.run(), { objects: 1 });
    t.match((await catalog.deploy('done')).result, answer);
    origin.clock.time += 6 * DAY;
    await origin.retention.run();
    await t.rejects(catalog.deploy('done'), { code: 'no-such-deploy' });
  });

  suite('a deleted site goes, and takes nothing from the others', async (t, origin) => {
    const { catalog } = origin;
    const one = await origin.site('one', 10);
    const two = await origin.site('two', 10);
    await origin.publish(one, { a: 'shared', b: 'own' });
    await origin.publish(one, { a: 'shared', b: 'other' });
    await origin.publish(two, { a: 'shared' });
    await catalog.deleteSite('one', origin.clock.now());
    const again = await origin.site('one', 10);
    origin.clock.time += 2 * HOUR;
    const retained = async () => (await catalog.retainedSites()).map(({ id }) => id);
    t.strictSame(await retained(), [one, two, again]);
    const plan = await origin.retention.plan();
    t.match(plan, { sites: [{ site: 'one', deleted: true, revisions: [1, 2] }], objects: 2, bytes: 8 });
    t.strictSame(await origin.retention.run(), plan);
    t.equal(origin.surplus({ a: 'shared' }), 0);
    t.match(await origin.manifest(two, 1), [{ digest: digestOf('shared') }]);
    t.not(again, one);
    t.strictSame(await retained(), [two, again], 'later runs ask nothing about it');
    t.strictSame((await origin.retention.run()).sites, []);
    t.strictSame(await origin.numbers(one), []);
  });

  suite('a run that was killed anywhere is finished by the next', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 4; i++) await origin.publish(site, { a: `a${i}`, b: `b${i}`, c: 'same' });
    origin.clock.time += 2 * HOUR;
    const limits = ageLimitsAt(origin.clock.time);
    const live = await origin.manifest(site, 4);
    t.strictSame(await catalog.dropRevisions(site, [1]), [1]);
    t.strictSame(await origin.numbers(site), [2, 3, 4]);
    t.match(await catalog.dropEntries(site, 1), { rows: 1, more: true });
    await t.rejects(catalog.manifestPage(site, 1, undefined, 10), { code: 'no-such-revision' });
    t.strictSame(await catalog.dropRevisions(site, [2, 3]), [2, 3]);
    while (await catalog.dropLeftovers(limits, 1));
    await origin.retention.run();
    t.strictSame(await origin.manifest(site, 4), live);
    t.equal(origin.surplus({ a: 'a4', b: 'b4', c: 'same' }), 0);

    await origin.upload(site, ['large lost', 'saved']);
    origin.clock.time += 2 * HOUR;
    const seen = await catalog.unreferenced(0, 100, ageLimitsAt(origin.clock.time).uploadedBefore);
    t.strictSame(seen, { digests: [digestOf('large lost'), digestOf('saved')], next: undefined });
    await origin.upload(site, ['saved']);
    t.match(
      await catalog.dropObjects(seen.digests, ageLimitsAt(origin.clock.time).uploadedBefore),
      { objects: 1 },
      'it is asked again whether it may go',
    );
    t.strictSame(
      (await catalog.removals(10)).sort(),
      [digestOf('large lost'), digestOf('list of large lost')].sort(),
    );
    await origin.retention.run();
    t.equal(
      origin.held.digests.has(digestOf('large lost')),
      false,
      'what was noted is removed by the next run',
    );
    t.ok(origin.held.digests.has(digestOf('saved')));
    t.strictSame(await catalog.removals(10), []);
  });

  suite('what something stands on stays, whoever chose it to go', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 5; i++) await origin.publish(site, { a: `a${i}` });
    await origin.publish(site, { a: 'a6' }, 'pending');
    await catalog.pin(site, 3, true);
    const numbers = [1, 2, 3, 4, 5, 6, 7];
    t.strictSame(await catalog.dropRevisions(site, numbers), [1, 2, 4], 'pinned, live and tip stay');
    t.strictSame(await catalog.dropRevisions(site, numbers), [], 'repeated, it finds nothing');
    t.strictSame(await origin.numbers(site), [3, 5, 6]);
    await catalog.abort(site, 6, 'the test says so', origin.clock.time);
    t.strictSame(await catalog.dropRevisions(site, numbers), [], 'what comes is staged over the newest');
    await catalog.deleteSite('one', origin.clock.time);
    t.strictSame(await catalog.dropRevisions(site, numbers), [3, 5, 6], 'of a deleted site all goes');
  });

  suite('what is uploaded again while it is noted for removal stays', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    await origin.upload(site, ['large']);
    origin.clock.time += 2 * HOUR;
    await catalog.dropObjects([digestOf('large')], ageLimitsAt(origin.clock.time).uploadedBefore);
    await origin.upload(site, ['large']);
    t.strictSame(await catalog.removals(10), [], 'its chunk list too');
    await origin.retention.run();
    t.equal(origin.held.digests.size, 2);
  });

  suite('uploads of the same objects while they are swept', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 1);
    const contents = Array.from({ length: 300 }, (_, i) => `large ${i}`);
    await origin.upload(site, contents);
    const numbers = random(5);
    for (let round = 0; round < 5; round++) {
      origin.clock.time += 2 * HOUR;
      const uploads = Array.from({ length: 40 }, async () => {
        await delay(numbers.below(30));
        await origin.upload(site, [numbers.pick(contents), numbers.pick(contents)]);
      });
      await Promise.all([origin.retention.run(), origin.retention.run(), ...uploads]);
      for (const content of contents) {
        const isKnown = (await catalog.siteObject(site, digestOf(content))) !== undefined;
        const isHeld = [digestOf(content), listOf(content)].every(
          (d) => d !== null && origin.held.digests.has(d),
        );
        if (isKnown !== isHeld) t.fail(`${content}: known ${isKnown}, held ${isHeld}`);
      }
    }
    t.ok(origin.held.digests.size > 0);
  });

  suite('a plan says what a run does: random histories', async (t, origin) => {
    const numbers = random(11);
    const sites = [await origin.site('a', 3), await origin.site('b', 2), await origin.site('c', 1, 1)];
    for (let round = 0; round < 8; round++) {
      for (let i = numbers.below(6); i >= 0; i--) {
        const tree: Record<string, string> = {};
        for (let f = 0; f < 6; f++)
          if (numbers.below(3) > 0) tree[`f${f}`] = `${numbers.below(2) ? 'large ' : ''}${numbers.below(40)}`;
        const site = numbers.pick(sites);
        const revision = await origin.publish(site, tree);
        if (numbers.below(5) === 0) await origin.catalog.pin(site, revision, true);
      }
      origin.clock.time += numbers.below(2) * 2 * HOUR + numbers.below(2) * DAY;
      const plan = await origin.retention.plan();
      t.strictSame(await origin.retention.run(), plan, `round ${round}`);
      for (const site of sites) {
        for (const { revision, files } of await origin.catalog.revisions(site, 1000)) {
          const entries = await origin.manifest(site, revision);
          t.equal(entries.length, files);
          t.ok(
            entries.every(
              ({ digest, chunks }) =>
                origin.held.digests.has(digest) && (chunks === null || origin.held.digests.has(chunks)),
            ),
            'the objects of what is kept are there',
          );
        }
      }
    }
  });

  suite('the log begins at a checkpoint', async (t, origin) => {
    const { catalog } = origin;
    const site = await origin.site('one', 5);
    const gone = await origin.site('gone', 5);
    await origin.publish(gone, { a: 'x' });
    await catalog.deleteSite('gone', origin.clock.now());
    await origin.publish(site, { a: 'x', b: 'yy' });
    await catalog.putSite('empty', ['empty.example'], origin.clock.now());
    const before = await catalog.head(1);
    t.equal(await catalog.firstSeq(), 1);
    t.strictSame((await catalog.storedLog()).checkpoints, []);
    t.match(await origin.retention.plan(), { records: 0 }, 'young logs stay whole');
    t.match(await origin.retention.plan({ log: true }), { records: before.seq });
    t.match(await origin.retention.run({ log: true }), { records: before.seq });
    const seq = before.seq + 1;
    t.equal(await catalog.firstSeq(), seq);
    t.strictSame((await catalog.storedLog()).checkpoints, [seq]);
    await catalog.putSite('later', undefined, origin.clock.now());
    const [checkpoint, later] = await catalog.records(1, 10);
    t.match(checkpoint, { seq, kind: 'checkpoint', critical: true, site: 0, prev: before.hash });
    if (checkpoint === undefined || later === undefined) throw new Error('two records are there');
    t.ok(verifyRecord(checkpoint, key.publicKey));
    t.equal(later.prev, recordHash(checkpoint), 'the chain goes on');
    const live = await catalog.revision(site, 1);
    const { domains } = await catalog.siteNamed('one');
    t.match(payloads.checkpoint.parseText(checkpoint.payload), {
      key: certified,
      sites: [
        { id: site, name: 'one', domains, revision: 1, root: live.root, seq: live.seq, files: 2 },
        { name: 'empty', domains: ['empty.example'], revision: 0, root: null, seq: 0, files: 0 },
      ],
      members: [],
    });
    t.match(await origin.retention.run({ log: true }), { records: 2 });
    t.match(
      await origin.retention.run({ log: true }),
      { records: 0 },
      'a log that is one checkpoint is pruned',
    );
    t.strictSame((await catalog.storedLog()).checkpoints, [seq + 2]);
    await t.rejects(catalog.dropRecords(seq, 10), /no checkpoint/);

    const last = await catalog.addCheckpoint(1);
    await catalog.putSite('more', undefined, 1);
    const end = await catalog.addCheckpoint(1);
    t.equal(await catalog.dropRecords(end, 2), 2);
    t.equal(await catalog.firstSeq(), end, 'a log that is pruned in part begins where it will begin');
    t.equal(last, end - 2);
    t.match(
      await origin.retention.run(),
      { records: 1 },
      'and what a killed run has left is dropped by the next',
    );
    t.match(await catalog.storedLog(), { first: end, head: end, checkpoints: [end], bytesAfter: [0] });
  });

  suite('a checkpoint that no record can hold is refused', async (t, origin) => {
    const { catalog } = origin;
    const name = (i: number) => `${'n'.repeat(40)}-${i}`;
    const patterns = Array.from({ length: 100 }, (_, i) => `/${'p'.repeat(140)}-${i}`);
    for (let i = 0; i < 300; i++) await catalog.putSite(name(i), [], START, { pinned: patterns });
    const { seq } = await catalog.head(1);
    await t.rejects(origin.retention.run({ log: true }), {
      code: 'checkpoint-too-large',
      message: /300 sites/,
    });
    t.equal((await catalog.head(1)).seq, seq, 'nothing was appended');
    t.equal(await catalog.firstSeq(), 1, 'nothing was pruned');

    const told: (string | undefined)[] = [];
    const log = {
      ...{ catalog, clock: origin.clock, keptLog: { records: 20, bytes: 1e9 } },
      checkpointed(fault: SkerryError | null) {
        told.push(fault?.code);
      },
    };
    t.equal(await pruneLog(log, false, () => {}), 0);
    for (let i = 0; i < 100; i++) await catalog.deleteSite(name(i), START);
    await pruneLog(log, false, () => {});
    t.strictSame(told, ['checkpoint-too-large', undefined], 'told of, though nobody asked for it');
  });

  suite('a log that grows is pruned by itself', async (t, origin) => {
    const { catalog, clock } = origin;
    const keptLog = { records: 20, bytes: 1e9 };
    const log = { catalog, clock, keptLog, checkpointed: () => {} };
    const prune = async (upToNow = false) => {
      const planned = await prunableRecords(log, upToNow);
      t.equal(await pruneLog(log, upToNow, () => {}), planned);
      return planned;
    };
    const records = async (count: number) => {
      for (let i = 0; i < count; i++) await catalog.putSite(`site-${clock.time++}`, undefined, START);
    };
    await records(19);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [], 'a log that is short enough needs none');
    await records(1);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [22], 'one is made ready');
    t.equal(await prune(), 0);
    await records(11);
    t.equal(await prune(), 0);
    t.strictSame((await catalog.storedLog()).checkpoints, [22, 34]);
    await records(8);
    t.equal(await prune(), 21, 'the first has 20 records after it');
    t.equal(await catalog.firstSeq(), 22);
    await records(100);
    await prune();
    t.equal(await catalog.firstSeq(), 34);
    t.equal(await prune(true), 109);
    t.equal((await catalog.records(1, 100)).length, 1);
  });

  suite('a run ends when the origin stops', async (t, origin) => {
    const background = origin.retention.keepRunning(pino({ level: 'silent' }));
    const site = await origin.site('one', 1);
    for (let i = 0; i < 3; i++) await origin.publish(site, { a: `${i}` });
    origin.stopping.abort();
    await t.rejects(origin.retention.run(), { code: 'unavailable' });
    await background;
  });

  t.test(`${name}: pins and the beginning of the log outlive a restart`, async (t) => {
    const at = await place(t);
    const before = await at.open(key);
    await before.catalog.found(LOG, certified, START);
    const origin = new Origin(before);
    const site = await origin.site('one', 1);
    for (let i = 1; i <= 3; i++) await origin.publish(site, { a: `${i}` });
    await before.catalog.pin(site, 1, true);
    await origin.retention.run({ log: true });
    const first = await before.catalog.firstSeq();
    await before.close();
    const after = await at.open(key);
    try {
      const opened = new Origin(after);
      opened.clock.time += 2 * HOUR;
      t.equal(await after.catalog.firstSeq(), first);
      t.strictSame((await after.catalog.storedLog()).checkpoints, [first]);
      await opened.retention.run();
      t.strictSame(await opened.numbers(site), [1, 3]);
    } finally {
      await after.close();
    }
  });
}

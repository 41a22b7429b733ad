import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Catalog, OpenCatalog } from '../../../origin/catalog/catalog.ts';
import type { DeployFile } from '../../../origin/catalog/deploy-calls.ts';
import { NO_DETAILS } from '../../../origin/catalog/file-change.ts';
import { Retention } from '../../../origin/retention/retention.ts';
import type { Clock } from '../../../shared/clock.ts';
import { InProcessGate } from '../../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { certifyKey } from '../../../shared/log/certificate.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import type { CatalogPlace } from '../catalog/harness.ts';

export const LOG = 'c0ffee'.padEnd(32, '0');
export const key = generateSigningKey();
export const certified = certifyKey(LOG, 1, key.publicKey, generateSigningKey());
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = 1_700_000_000_000;

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

export type Tree = Readonly<Record<string, string>>;

export const fileOf = (path: string, content: string): DeployFile => ({
  path: path as ContentPath,
  digest: digestOf(content),
  size: content.length,
  ...NO_DETAILS,
});
export const listOf = (content: string) =>
  content.startsWith('large') ? digestOf(`list of ${content}`) : null;

export class Origin {
  readonly catalog: Catalog;
  readonly clock = new TurnedClock();
  readonly held = new Held();
  readonly gate = new InProcessGate();
  readonly stopping = new AbortController();
  readonly retention: Retention;

  constructor({ catalog }: OpenCatalog) {
    this.catalog = catalog;
    this.retention = new Retention({
      ...{ catalog, store: this.held.store, clock: this.clock, gate: this.gate },
      runs: new KeyedLock<'prune'>(),
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

/** A test with a founded log. */
type Suite = (title: string, run: (t: Test, origin: Origin, at: CatalogPlace) => Promise<void>) => void;

export interface RetentionTheme {
  readonly name: string;
  /** An empty place for a catalog. */
  readonly place: (t: Test) => Promise<CatalogPlace>;
  readonly suite: Suite;
}

export function retentionTheme(name: string, place: RetentionTheme['place']): RetentionTheme {
  return {
    name,
    place,
    suite(title, run) {
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
    },
  };
}

import type { EdgeCatalogCalls } from '../../../../../edge/store/catalog.ts';
import { openSqliteEdgeCatalog } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { UnsignedRecord } from '../../../../../shared/log/record.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { SignedLog } from '../../signed-log.ts';

export const PART = { prefixes: ['a/'], pinned: null };

export const POLICY = { ...DEFAULT_POLICY, mode: 'batch' as const };
export const root = (revision: number) => digestOf(`root ${revision}`);
export const member = (name: string, changes: object = {}) => ({
  ...{ name, region: 'r', lat: null, lon: null, publicKey: 'k', revoked: false },
  ...changes,
});

/** A catalog that takes in one record after another, as they come from the origin. */
export class World {
  readonly catalog: EdgeCatalogCalls = openSqliteEdgeCatalog(':memory:');
  readonly log = new SignedLog();

  take(kind: string, payload: object, changes: Partial<UnsignedRecord> = {}): number {
    const record = this.log.append({ kind, payload: JSON.stringify(payload), ...changes });
    this.catalog.storeRecords([record], SignedLog.start());
    return record.seq;
  }

  settings(site: number, name: string, changes: object = {}): number {
    return this.take(
      'settings',
      { name, domains: [], deleted: false, policy: DEFAULT_POLICY, ...changes },
      { site },
    );
  }

  revision(revision: number, mode?: string, files = revision): number {
    const payload = { base: 0, files, bytes: 0, message: '', restores: null, mode: mode ?? 'async' };
    return this.take('revision', payload, { revision, root: root(revision) });
  }

  activate(revision: number, payload: object = { mode: 'async' }, time = 5): number {
    return this.take('activate', payload, { revision, root: root(revision), time });
  }

  /** One that stands in for a record that never came here. */
  jumpTo(sites: object[], members: object[] = []): number {
    this.log.checkpoint({ sites: [], members: [] }, { time: 9 });
    return this.checkpoint(sites, members);
  }

  checkpoint(sites: object[], members: object[] = []): number {
    const record = this.log.checkpoint({ sites, members }, { time: 9 });
    this.catalog.storeRecords([record], SignedLog.start());
    return record.seq;
  }

  get site() {
    const [site] = this.catalog.sites();
    if (site === undefined) throw new Error('there is no site');
    return site;
  }

  get names() {
    return this.catalog.sites().map(({ name }) => name);
  }
}

export function known(): World {
  const world = new World();
  world.settings(1, 'docs');
  return world;
}

export const purge = (changes: object = {}) => ({ all: false, paths: [], globs: [], tags: [], ...changes });
export const long = (text: string) =>
  purge({ paths: Array.from({ length: 60 }, (_, i) => `${text}${i}`.padEnd(1000, 'x')) });

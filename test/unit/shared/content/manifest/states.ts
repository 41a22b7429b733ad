import { leafDigest, leafOf, nodeDigest, nodeOf, rootDigest } from '../../../../../shared/content/buckets.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import { type Entry, entryHash } from '../../../../../shared/content/entry.ts';
import { openAudit } from '../../../../../shared/content/manifest/sqlite/audit.ts';
import { openBucketReader } from '../../../../../shared/content/manifest/sqlite/buckets.ts';
import { manifestTables } from '../../../../../shared/content/manifest/sqlite/schema.ts';
import { openStaging } from '../../../../../shared/content/manifest/sqlite/staging.ts';
import { openDatabase } from '../../../../../shared/sqlite/open.ts';
import type { Random } from '../../../../helpers/random.ts';

export type State = ReadonlyMap<string, Entry>;

export const SITE = 1;

export function entry(path: string, content: number): Entry {
  return {
    path: path as ContentPath,
    digest: digestOf(`content ${content}`),
    size: content,
    chunks: null,
    type: 'text/plain',
    meta: [['x', `${content}`]],
    time: content,
  };
}

/** The manifest's tables, empty. */
export function tables() {
  const database = openDatabase(':memory:', [manifestTables]);
  const sealed = (revision: number): Digest => {
    staging.sealLeaves(SITE, revision, -1, 100_000);
    return staging.sealRoot(SITE, revision);
  };
  const staging = openStaging(database);
  return { database, staging, buckets: openBucketReader(database), audit: openAudit(database), sealed };
}

/** Some puts and deletes, and the state that they lead to. */
export function randomChanges(
  before: State,
  numbers: Random,
  most: number,
): { changes: Change[]; state: State } {
  const state = new Map(before);
  const changes: Change[] = [];
  for (let i = numbers.below(most); i >= 0; i--) {
    const path = `file-${numbers.below(60)}`;
    if (numbers.below(3) === 0) {
      changes.push({ kind: 'delete', path: path as ContentPath });
      state.delete(path);
    } else {
      const put = entry(path, numbers.below(50));
      changes.push({ kind: 'put', entry: put });
      state.set(path, put);
    }
  }
  return { changes, state };
}

const byBytes = (a: Entry, b: Entry) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

/** What the buckets of a state should be, from its entries alone. */
export function expectedBuckets(state: State) {
  const byLeaf = Map.groupBy([...state.values()].sort(byBytes), ({ path }) => leafOf(path));
  const ascending = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
  const leaves = ascending(byLeaf.keys()).map((id) => ({
    id,
    digest: leafDigest((byLeaf.get(id) ?? []).map(entryHash)) as Buffer,
  }));
  const byNode = Map.groupBy(leaves, ({ id }) => nodeOf(id));
  const nodes = ascending(byNode.keys()).map((id) => ({
    id,
    digest: nodeDigest(byNode.get(id) ?? []) as Buffer,
  }));
  return { byLeaf, leaves, nodes, root: rootDigest(nodes) };
}

/** Buckets as text, to compare them. */
export function plain(buckets: readonly { number?: number; id?: number; digest: Uint8Array }[]): string[] {
  return buckets.map(({ number, id, digest }) => `${number ?? id} ${Buffer.from(digest).toString('hex')}`);
}

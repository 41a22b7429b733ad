import type { HashedFile } from './hash-files.ts';
import { SendPlan } from './send-plan.ts';

interface PlannedChange {
  readonly change: 'added' | 'modified' | 'deleted';
  readonly path: string;
}

/** What a publish of the whole folder would do to a revision. */
export interface Preview {
  /** All changes, sorted by path. */
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  /** The objects that the revision does not have. The origin may have some of them from other revisions. */
  readonly objects: number;
  readonly bytes: number;
}

/** Compares a folder with a published revision, given as digests by path. */
export function planPreview(files: readonly HashedFile[], published: ReadonlyMap<string, string>): Preview {
  const changes: PlannedChange[] = [];
  const paths = new Set<string>();
  for (const { path, digest } of files) {
    paths.add(path);
    const before = published.get(path);
    if (before === undefined) changes.push({ change: 'added', path });
    else if (before !== digest) changes.push({ change: 'modified', path });
  }
  const unchanged = files.length - changes.length;
  for (const path of published.keys()) if (!paths.has(path)) changes.push({ change: 'deleted', path });
  const held = new Set(published.values());
  const plan = new SendPlan();
  plan.add(files.filter(({ digest }) => !held.has(digest)));
  return {
    changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)),
    unchanged,
    objects: plan.files,
    bytes: plan.bytes,
  };
}

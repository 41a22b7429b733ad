import { pruneKind } from './prune.ts';
import { repairKind } from './repair.ts';
import { reportStateKind } from './report-state.ts';
import { syncNowKind } from './sync-now.ts';
import { uploadObjectsKind } from './upload-objects.ts';
import { verifyKind } from './verify.ts';
import { warmKind } from './warm.ts';
import type { WorkKind } from './work-kind.ts';

/** The kinds of work that edges do on request. */
const kinds: readonly WorkKind[] = [
  syncNowKind,
  verifyKind,
  repairKind,
  warmKind,
  pruneKind,
  reportStateKind,
  uploadObjectsKind,
];

/** The kinds that the origin may assign as tasks, by name. */
export const taskKinds: ReadonlyMap<string, WorkKind> = new Map(
  kinds.filter(({ askers }) => askers.includes('task')).map((one) => [one.kind, one]),
);

import type { TaskRequest } from '../../shared/wire/task-api.ts';
import { repairOfRoots, type SyncingEdge } from './root-rule.ts';
import { type HotObject, warmingOf } from './warm-rule.ts';

/** Everything that the origin knows about its fleet at one moment. */
export interface Observed {
  readonly edges: readonly ObservedEdge[];
  /** The damage that verifications of edges have found, oldest first. */
  readonly findings: readonly Finding[];
  /** The objects that readers of lazy edges ask for, in each region. */
  readonly hot: readonly HotObject[];
  /** The keys of tasks that are open or were created a short while ago. Their actions are not repeated. */
  readonly keys: ReadonlySet<string>;
}

export interface ObservedEdge extends SyncingEdge {
  /** The size and the free bytes of the disk with the data folder. Null when the edge has not reported them. */
  readonly disk: { readonly free: number; readonly total: number } | null;
}

/** Damage that an edge has found on its own disk, and has not repaired. */
export interface Finding {
  readonly edge: string;
  /** The task that found it. */
  readonly task: number;
  readonly damaged: number;
  /** Whether the task tried to repair the damage and failed. */
  readonly isRepair: boolean;
  /** The earliest time of the next repair, in milliseconds since 1970. */
  readonly due: number;
}

/** A task that the origin creates by itself. */
export interface Action {
  /** Names what the action is about. While a task with the key is known, the action is not repeated. */
  readonly key: string;
  readonly cause: string;
  readonly request: TaskRequest;
}

/** Old data is deleted when this share of a disk is in use. An edge is `degraded` only later: see health-state.ts. */
const DISK_USED = 0.9;

type Rule = (observed: Observed) => readonly Action[];

export function repairKey({ edge, task, isRepair }: Pick<Finding, 'edge' | 'task' | 'isRepair'>): string {
  return isRepair ? `${againKey(edge)} ${task}` : `repair ${edge} after ${task}`;
}

/** The prefix of the keys of repairs that follow an unsuccessful repair. */
export const againKey = (edge: string) => `repair ${edge} again after`;

const repairOfDamage: Rule = ({ findings }) =>
  findings.map(({ edge, task, damaged, isRepair }) => ({
    key: repairKey({ edge, task, isRepair }),
    cause: `task ${task} ${isRepair ? 'left' : 'found'} ${damaged} damaged files on ${edge}`,
    request: { kind: 'repair', args: {}, target: { edges: [edge] } },
  }));

const pruneOfFullDisks: Rule = ({ edges }) =>
  edges.flatMap(({ name, isOnline, disk }) => {
    if (!isOnline || disk === null || disk.total === 0) return [];
    const used = 1 - disk.free / disk.total;
    if (used < DISK_USED) return [];
    return [
      {
        key: `prune ${name}`,
        cause: `the disk of ${name} is ${Math.round(used * 100)} % full`,
        request: { kind: 'prune', args: {}, target: { edges: [name] } },
      },
    ];
  });

const RULES: readonly Rule[] = [
  repairOfDamage,
  ({ edges }) => repairOfRoots(edges),
  pruneOfFullDisks,
  ({ hot, keys }) => warmingOf(hot, keys),
];

/** All actions that follow from the observation, the most urgent first, even those that were done a short while ago. */
export function allActions(observed: Observed): Action[] {
  const following = new Map<string, Action>();
  for (const rule of RULES)
    for (const action of rule(observed)) if (!following.has(action.key)) following.set(action.key, action);
  return [...following.values()];
}

/** At most `room` actions, the most urgent first. The same observation gives the same actions. */
export function planActions(observed: Observed, room: number): Action[] {
  return allActions(observed)
    .filter(({ key }) => !observed.keys.has(key))
    .slice(0, room);
}

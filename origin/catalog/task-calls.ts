/** The edges for which a task is created. */
export type TaskTarget =
  | { readonly kind: 'edges'; readonly names: readonly string[] }
  | { readonly kind: 'region'; readonly region: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'all' }
  /** One share, for the least loaded edge that can do it. */
  | { readonly kind: 'any' };

/** An open task has a share that is open. A task ends when its last share does. */
export type TaskState = 'open' | 'done' | 'failed' | 'cancelled' | 'expired';
export type EndState = Exclude<TaskState, 'open'>;

export interface NewTask {
  readonly kind: string;
  /** The arguments as JSON text, which the kind's schema has accepted. */
  readonly args: string;
  readonly target: TaskTarget;
  /** Why the task exists: who requested it, or what the origin observed. */
  readonly cause: string;
  /** Only one open task can have this key. Null for a task that may exist twice. */
  readonly key: string | null;
  readonly created: number;
  /** When the open shares of the task expire, in milliseconds since 1970. */
  readonly deadline: number;
}

export interface TaskRow extends NewTask {
  /** Ascending, and never used twice. */
  readonly id: number;
  readonly state: TaskState;
  readonly ended: number | null;
}

/** An attempt of one edge at a share. */
export interface IssuedAttempt {
  readonly attempt: number;
  /**
   * A random value, which the result repeats. A catalog that was restored from an older copy assigns the same numbers
   * again.
   */
  readonly nonce: string;
  readonly edge: string;
  readonly since: number;
  /**
   * False for an attempt that failed, or whose edge was lost. A late result of the attempt still counts if it is the
   * first.
   */
  readonly isActive: boolean;
}

/** The part of a task that one edge does. */
export interface ShareRow {
  readonly task: number;
  /** 0 for the first share of the task. */
  readonly share: number;
  /** The edge that the share belongs to. Null when any edge can do it. */
  readonly edge: string | null;
  readonly state: TaskState;
  /** At most `MOST_ATTEMPTS`, the newest last. Their numbers ascend from 1. */
  readonly attempts: readonly IssuedAttempt[];
  /** The attempts that failed since the task was created or retried. */
  readonly failures: number;
  /** No attempt begins before this time. */
  readonly notBefore: number;
  /** The edge whose result counts. Null before there is one. */
  readonly by: string | null;
  /** The result or the error that counts, as JSON text. Null before there is one. */
  readonly result: string | null;
}

export interface TaskChanges {
  /** The new states of shares. A share that is not open in the catalog is left as it is. */
  readonly shares: readonly ShareRow[];
  readonly ended: readonly { readonly task: number; readonly state: EndState; readonly time: number }[];
}

export interface TaskFilter {
  readonly state?: TaskState;
  readonly kind?: string;
}

/** Tasks and their shares. The catalog is authoritative for them; the log has only their lasting effects. */
export interface TaskCalls {
  /**
   * Adds a task with a share for each of these edges; null means any edge. Returns the open task with the same key
   * if there is one, and then adds nothing. Throws `too-many-tasks`.
   */
  addTask(
    task: NewTask,
    shares: readonly (string | null)[],
  ): { readonly id: number; readonly isNew: boolean };
  /** Open tasks, ascending. */
  openTasks(): TaskRow[];
  /** Throws `no-such-task`. */
  task(id: number): TaskRow;
  /** Tasks with numbers below `before`, descending. */
  tasks(filter: TaskFilter, before: number | null, limit: number): TaskRow[];
  /** The keys of tasks that are open, or were created at or after `since`. */
  recentKeys(since: number): string[];
  /** The shares of a task from the number `from` on, ascending. */
  shares(task: number, from: number, limit: number): ShareRow[];
  saveTasks(changes: TaskChanges): void;
  /**
   * Opens an ended task and its shares that are not done, until the new deadline. Throws `no-such-task` and
   * `too-many-tasks`.
   */
  reopenTask(id: number, deadline: number): TaskRow;
  /**
   * Deletes up to `limit` tasks that ended before `time`, or that are older than the newest `kept`. Returns how many.
   */
  dropTasks(time: number, kept: number, limit: number): number;
}

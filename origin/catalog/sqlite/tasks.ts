import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { MOST_OPEN_SHARES, MOST_OPEN_TASKS } from '../limits.ts';
import type { IssuedAttempt, ShareRow, TaskCalls, TaskRow, TaskState, TaskTarget } from '../task-calls.ts';
import type { CatalogContext } from './context.ts';

export function taskCalls({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): TaskCalls {
  const count = (text: string) => Number(sql(text).get()?.n);

  function task(id: number): TaskRow {
    const row = sql('SELECT * FROM task WHERE id = ?').get(id);
    if (row === undefined) throw new SkerryError('no-such-task', `there is no task ${id}`);
    return toTask(row);
  }

  /** Throws `too-many-tasks` if there is no room for another open task with this number of shares. */
  function refuseMore(shares: number): void {
    const open = count("SELECT count(*) AS n FROM task WHERE state = 'open'");
    const openShares = count("SELECT count(*) AS n FROM share WHERE state = 'open'");
    if (open >= MOST_OPEN_TASKS || openShares + shares > MOST_OPEN_SHARES)
      throw new SkerryError('too-many-tasks', `${open} tasks with ${openShares} shares are open`);
  }

  return {
    addTask: (task, shares) =>
      transaction(database, () => {
        const { kind, args, target, cause, key, created, deadline } = task;
        const same = sql("SELECT id FROM task WHERE key = ? AND state = 'open'").get(key);
        if (same !== undefined) return { id: Number(same.id), isNew: false };
        refuseMore(shares.length);
        const { lastInsertRowid } = sql(
          `INSERT INTO task (kind, args, target, cause, key, created, deadline, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, 'open')`,
        ).run(kind, args, JSON.stringify(target), cause, key, created, deadline);
        const id = Number(lastInsertRowid);
        shares.forEach((edge, share) => {
          sql(
            "INSERT INTO share (task, share, edge, state, attempts, failures, not_before) VALUES (?, ?, ?, 'open', '[]', 0, 0)",
          ).run(id, share, edge);
        });
        return { id, isNew: true };
      }),

    openTasks: () => sql("SELECT * FROM task WHERE state = 'open' ORDER BY id").all().map(toTask),

    task,

    tasks: ({ state, kind }, before, limit) =>
      sql(
        `SELECT * FROM task WHERE (:before IS NULL OR id < :before) AND (:state IS NULL OR state = :state)
         AND (:kind IS NULL OR kind = :kind) ORDER BY id DESC LIMIT :limit`,
      )
        .all({ before, limit, state: state ?? null, kind: kind ?? null })
        .map(toTask),

    recentKeys: (since) =>
      sql("SELECT DISTINCT key FROM task WHERE key IS NOT NULL AND (state = 'open' OR created >= ?)")
        .all(since)
        .map(({ key }) => key as string),

    shares: (task, from, limit) =>
      sql('SELECT * FROM share WHERE task = ? AND share >= ? ORDER BY share LIMIT ?')
        .all(task, from, limit)
        .map(toShare),

    saveTasks({ shares, ended }) {
      transaction(database, () => {
        for (const { task, share, state, attempts, failures, notBefore, by, result } of shares)
          sql(
            `UPDATE share SET state = ?, attempts = ?, failures = ?, not_before = ?, by = ?, result = ?
             WHERE task = ? AND share = ? AND state = 'open'`,
          ).run(state, JSON.stringify(attempts), failures, notBefore, by, result, task, share);
        for (const { task, state, time } of ended)
          sql("UPDATE task SET state = ?, ended = ? WHERE id = ? AND state = 'open'").run(state, time, task);
      });
    },

    reopenTask: (id, deadline) =>
      transaction(database, () => {
        const { state } = task(id);
        if (state === 'open' || state === 'done') return task(id);
        const again = Number(
          sql("SELECT count(*) AS n FROM share WHERE task = ? AND state <> 'done'").get(id)?.n,
        );
        refuseMore(again);
        sql("UPDATE task SET state = 'open', ended = NULL, deadline = ? WHERE id = ?").run(deadline, id);
        sql(
          "UPDATE share SET state = 'open', failures = 0, not_before = 0, by = NULL, result = NULL WHERE task = ? AND state <> 'done'",
        ).run(id);
        return task(id);
      }),

    dropTasks: (time, kept, limit) =>
      transaction(database, () => {
        const old = sql(
          `SELECT id FROM task WHERE state <> 'open'
           AND (ended < :time OR id <= (SELECT id FROM task ORDER BY id DESC LIMIT 1 OFFSET :kept)) LIMIT :limit`,
        ).all({ time, kept, limit });
        for (const { id } of old) {
          sql('DELETE FROM share WHERE task = ?').run(id as number);
          sql('DELETE FROM task WHERE id = ?').run(id as number);
        }
        return old.length;
      }),
  };
}

function toTask(row: Row): TaskRow {
  return {
    id: row.id as number,
    kind: row.kind as string,
    args: row.args as string,
    target: JSON.parse(row.target as string) as TaskTarget,
    cause: row.cause as string,
    key: row.key as string | null,
    created: row.created as number,
    deadline: row.deadline as number,
    state: row.state as TaskState,
    ended: row.ended as number | null,
  };
}

function toShare(row: Row): ShareRow {
  return {
    task: row.task as number,
    share: row.share as number,
    edge: row.edge as string | null,
    state: row.state as TaskState,
    attempts: JSON.parse(row.attempts as string) as IssuedAttempt[],
    failures: row.failures as number,
    notBefore: row.not_before as number,
    by: row.by as string | null,
    result: row.result as string | null,
  };
}

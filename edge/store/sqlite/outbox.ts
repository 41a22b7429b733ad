import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Receipt } from '../../../shared/log/receipt.ts';
import { MAX_STATEMENT_BYTES } from '../../../shared/log/statement-kind.ts';
import { type Statement, subjectOf } from '../../../shared/log/statements.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { StatementCalls } from '../catalog.ts';

type Sql = (text: string) => StatementSync;

/**
 * Stores a statement. It replaces an older one of the same kind about the same subject, even if the older one was
 * already sent.
 */
export function keepStatement(sql: Sql, statement: Statement): void {
  const body = JSON.stringify(statement.body);
  if (Buffer.byteLength(body) > MAX_STATEMENT_BYTES)
    throw new Error(`a ${statement.kind} is too large to be sent`);
  const { name, site } = subjectOf(statement);
  sql('INSERT OR REPLACE INTO statement (kind, subject, site, body) VALUES (?, ?, ?, ?)').run(
    statement.kind,
    name,
    site ?? null,
    body,
  );
}

export function statementCalls(database: DatabaseSync, sql: Sql): StatementCalls {
  return {
    addReceipt(receipt) {
      transaction(database, () => {
        keepStatement(sql, { kind: 'receipt', body: receipt });
        sql('UPDATE held SET covered = ?, covered_seq = ? WHERE site = ? AND revision = ?').run(
          receipt.covers,
          receipt.seq,
          receipt.site,
          receipt.revision,
        );
      });
    },

    lastReceipt(site, revision) {
      const row = sql('SELECT covered, covered_seq FROM held WHERE site = ? AND revision = ?').get(
        site,
        revision,
      );
      return row?.covered == null
        ? undefined
        : { covers: row.covered as Receipt['covers'], seq: Number(row.covered_seq) };
    },

    addTaskResult(result) {
      transaction(database, () => keepStatement(sql, { kind: 'task-result', body: result }));
    },

    // Receipts come first, because publishers wait for them.
    unsentStatements(limit, maxBytes, kinds) {
      const rows = sql(
        `SELECT kind, body FROM statement
         WHERE :kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))
         ORDER BY kind = 'receipt' DESC, id LIMIT :limit`,
      ).iterate({ limit, kinds: kinds === undefined ? null : JSON.stringify(kinds) });
      const found: Statement[] = [];
      let bytes = 0;
      for (const row of rows) {
        const body = String(row.body);
        found.push({ kind: row.kind, body: JSON.parse(body) } as Statement);
        bytes += Buffer.byteLength(body);
        if (bytes >= maxBytes) break;
      }
      return found;
    },

    acknowledged(statements) {
      transaction(database, () => {
        // If a statement was replaced after it was sent, the new one differs from the sent one, so it is not deleted.
        for (const statement of statements) {
          sql('DELETE FROM statement WHERE kind = ? AND subject = ? AND body = ?').run(
            statement.kind,
            subjectOf(statement).name,
            JSON.stringify(statement.body),
          );
        }
      });
    },
  };
}

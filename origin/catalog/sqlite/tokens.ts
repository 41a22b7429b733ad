import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { relaxed, transaction } from '../../../shared/sqlite/open.ts';
import type { KnownToken, StoredToken, TokenCalls } from '../token-calls.ts';
import { isValidForApi } from '../token-state.ts';
import type { CatalogContext } from './context.ts';

export function tokenCalls({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): TokenCalls {
  return {
    createToken({ id, secretHash, scope, edge, mayRead, replaces = null, expires }, time) {
      sql(
        'INSERT INTO token (id, secret, scope, edge, may_read, replaces, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        ...[id, secretHash, scope, edge, mayRead === null ? null : JSON.stringify(mayRead)],
        ...[replaces, time, expires],
      );
    },
    tokens: () => sql('SELECT * FROM token ORDER BY created, id').all().map(toKnown),
    token(id) {
      const row = sql('SELECT * FROM token WHERE id = ?').get(id);
      return row === undefined ? undefined : toStored(row);
    },
    rotateToken(old, { id, secretHash }, until, time) {
      transaction(database, () => {
        const row = sql('SELECT * FROM token WHERE id = ?').get(old);
        if (row === undefined || !isValidForApi(toKnown(row), time))
          throw new SkerryError('no-such-token', `there is no valid API token ${old}`);
        const { scope, created, expires } = toKnown(row);
        const next = expires === null ? null : time + expires - created;
        sql('INSERT INTO token (id, secret, scope, created, expires) VALUES (?, ?, ?, ?, ?)').run(
          ...[id, secretHash, scope, time, next],
        );
        sql('UPDATE token SET expires = min(coalesce(expires, :until), :until) WHERE id = :old').run({
          until,
          old,
        });
      });
    },
    noteTokenUse(id, time) {
      relaxed(database, () => sql('UPDATE token SET used = ? WHERE id = ?').run(time, id));
    },
    revokeToken(id) {
      const { changes } = sql('UPDATE token SET revoked = 1 WHERE id = ?').run(id);
      if (changes === 0) throw new SkerryError('no-such-token', `there is no token ${id}`);
    },
  };
}

function toKnown(row: Row): KnownToken {
  return {
    id: row.id as string,
    scope: row.scope as string,
    edge: row.edge as string | null,
    mayRead: readable(row.may_read),
    replaces: row.replaces as string | null,
    created: row.created as number,
    expires: row.expires as number | null,
    revoked: row.revoked === 1,
    used: row.used as number | null,
    usedBy: row.used_by as string | null,
  };
}

function toStored(row: Row): StoredToken {
  return { ...toKnown(row), secretHash: row.secret as Uint8Array };
}

/** The sites in the column `may_read` of a token or an edge. */
export function readable(json: unknown): readonly string[] | null {
  return typeof json === 'string' ? (JSON.parse(json) as string[]) : null;
}

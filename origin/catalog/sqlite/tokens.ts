import { timingSafeEqual } from 'node:crypto';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { TokenCalls } from '../token-calls.ts';
import type { CatalogContext } from './context.ts';

export function tokenCalls({ sql }: CatalogContext): TokenCalls {
  return {
    createToken({ id, secret, scope, edge, mayRead, expires }, time) {
      sql(
        'INSERT INTO token (id, secret, scope, edge, may_read, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(id, secret, scope, edge, mayRead === null ? null : JSON.stringify(mayRead), time, expires);
    },
    tokens(time) {
      return sql('SELECT * FROM token ORDER BY created, id')
        .all()
        .map((row) => ({
          id: row.id as string,
          scope: row.scope as string,
          edge: row.edge as string | null,
          created: row.created as number,
          expires: row.expires as number | null,
          state: tokenState(row, time),
        }));
    },
    revokeToken(id) {
      const { changes } = sql('UPDATE token SET revoked = 1 WHERE id = ?').run(id);
      if (changes === 0) throw new SkerryError('no-such-token', `there is no token ${id}`);
    },
    authenticate(id, secret, time) {
      const row = sql('SELECT * FROM token WHERE id = ?').get(id);
      if (row === undefined || !sameSecret(row, secret)) return undefined;
      return tokenState(row, time) === 'valid' && row.scope !== 'join' ? (row.scope as string) : undefined;
    },
    joinSecret(id) {
      const row = sql("SELECT secret FROM token WHERE id = ? AND scope = 'join'").get(id);
      return row === undefined ? undefined : (row.secret as Uint8Array);
    },
  };
}

export function tokenState(row: Row, time: number): 'valid' | 'expired' | 'revoked' | 'used' {
  if (row.revoked === 1) return 'revoked';
  if (row.used_by !== null) return 'used';
  return row.expires !== null && (row.expires as number) <= time ? 'expired' : 'valid';
}

/** Both are SHA-256 digests of secrets. */
export function sameSecret(row: Row, secret: Uint8Array): boolean {
  return timingSafeEqual(row.secret as Uint8Array, secret);
}

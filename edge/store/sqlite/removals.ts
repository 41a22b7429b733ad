import type { StatementSync } from 'node:sqlite';
import { type Digest, digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import type { RemovalCalls } from '../catalog.ts';
import { IS_AHEAD } from './ahead.ts';

type Sql = (text: string) => StatementSync;

export function noteRemovals(sql: Sql, digests: readonly Digest[]): void {
  for (const digest of digests)
    sql('INSERT OR IGNORE INTO removal (digest) VALUES (?)').run(digestBytes(digest));
}

export function removalCalls(sql: Sql): RemovalCalls {
  return {
    removals(limit) {
      sql(
        `DELETE FROM removal WHERE EXISTS (SELECT 1 FROM entry e WHERE e.digest = removal.digest)
           OR EXISTS (SELECT 1 FROM entry e WHERE e.chunks = removal.digest) OR ${IS_AHEAD}`,
      ).run();
      return sql('SELECT digest FROM removal LIMIT ?')
        .all(limit)
        .map((row) => digestFromBytes(row.digest as Uint8Array));
    },
    removed(digests) {
      for (const digest of digests) sql('DELETE FROM removal WHERE digest = ?').run(digestBytes(digest));
    },
  };
}

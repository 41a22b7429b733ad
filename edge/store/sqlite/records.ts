import type { StatementSync } from 'node:sqlite';
import type { LogRecord } from '../../shared/record.ts';
import { isKnownKind, payloads } from '../../shared/record-kinds.ts';

/**
 * What a verified record means for this edge's sites. Kinds that concern others are only kept: a parent relays
 * them.
 */
export function applyRecord(sql: (text: string) => StatementSync, record: LogRecord): void {
  if (!isKnownKind(record.kind)) return;
  switch (record.kind) {
    case 'settings': {
      const { name, domains, deleted } = payloads.settings.parseText(record.payload);
      sql(
        `INSERT INTO site (id, name, domains, deleted) VALUES (:id, :name, :domains, :deleted)
         ON CONFLICT (id) DO UPDATE SET name = :name, domains = :domains, deleted = :deleted`,
      ).run({ id: record.site, name, domains: JSON.stringify(domains), deleted: deleted ? 1 : 0 });
      return;
    }
    case 'activate':
      sql('UPDATE site SET target = ?, target_root = ?, target_seq = ? WHERE id = ?').run(
        record.revision,
        record.root,
        record.seq,
        record.site,
      );
      return;
    case 'key':
    case 'member':
    case 'revision':
      return;
  }
}

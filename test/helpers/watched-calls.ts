import type { DatabaseSync } from 'node:sqlite';
import type { Durability } from '../../shared/content/manifest/durability.ts';

/** Reports for each call over the database whether it changed rows, and whether it synced its changes. */
export function watchedCalls<T extends object>(
  calls: T,
  database: DatabaseSync,
  see: (call: string, durability: Durability) => void,
): T {
  const total = database.prepare('SELECT total_changes() AS total');
  const changes = () => Number(total.get()?.total);
  let isRelaxed = false;
  const exec = database.exec.bind(database);
  database.exec = (sql) => {
    if (sql === 'PRAGMA synchronous = NORMAL') isRelaxed = true;
    exec(sql);
  };
  const watch =
    (name: string, call: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      const before = changes();
      isRelaxed = false;
      const result = call(...args);
      if (name !== 'close') see(name, changes() === before ? 'reads' : isRelaxed ? 'relaxed' : 'durable');
      return result;
    };
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, watch(name, call)])) as T;
}

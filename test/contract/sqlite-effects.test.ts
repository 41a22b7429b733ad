import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import type { Catalog } from '../../origin/catalog/catalog.ts';
import { EFFECTS, type Effect } from '../../origin/catalog/effects.ts';
import { inProcessFence } from '../../origin/catalog/epoch-fence.ts';
import { signerWith } from '../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../origin/catalog/sqlite/schema.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';
import { asRemote } from '../helpers/in-process.ts';
import { catalogContract } from './catalog/all.ts';

/** What the calls of the contract were seen to do, by their names. */
const seen = new Map<string, Set<Effect>>();

/** Notes of each call whether it changed rows, whether what it changed was synced, and whether the log grew. */
function watched<T extends object>(calls: T, database: DatabaseSync): T {
  const count = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const look = () => ({
    changes: count('SELECT total_changes()'),
    records: count('SELECT coalesce(max(seq), 0) FROM record'),
  });
  let isRelaxed = false;
  const exec = database.exec.bind(database);
  database.exec = (sql) => {
    if (sql === 'PRAGMA synchronous = NORMAL') isRelaxed = true;
    exec(sql);
  };
  const watch = (name: string, call: (...args: unknown[]) => unknown) => {
    return (...args: unknown[]) => {
      const before = look();
      isRelaxed = false;
      const result = call(...args);
      if (name === 'close') return result;
      const after = look();
      const isChanged = after.changes > before.changes;
      const isLonger = after.records > before.records;
      const effect = isLonger ? 'appends' : !isChanged ? 'reads' : isRelaxed ? 'relaxed' : 'durable';
      seen.set(name, (seen.get(name) ?? new Set()).add(effect));
      return result;
    };
  };
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, watch(name, call)])) as T;
}

catalogContract('SQLite, watched', async (t) => {
  const file = join(t.testdir({}), 'catalog.sqlite');
  return {
    open: async (key) => {
      const database = openDatabase(file, migrations);
      const calls = watched(sqliteCalls(database, signerWith(key), inProcessFence()), database);
      const catalog: Catalog = asRemote(calls);
      return { catalog, close: async () => catalog.close() };
    },
  };
});

t.test('each call does what the interface says that it leaves behind', async (t) => {
  const said = new Map<string, Effect>(Object.entries(EFFECTS));
  for (const [name, effects] of seen) {
    // A call that finds nothing to do changes nothing, whatever it may do.
    for (const effect of effects) if (effect !== 'reads') t.equal(effect, said.get(name), name);
  }
  for (const name of ['reveal', 'stage', 'putSite', 'join', 'addObjects', 'createToken'])
    t.strictSame(seen.get(name)?.has(said.get(name) ?? 'reads'), true, `${name} was seen`);
});

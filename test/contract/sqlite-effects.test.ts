import type { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import type { Catalog } from '../../origin/catalog/catalog.ts';
import { EFFECTS, type Effect } from '../../origin/catalog/effects.ts';
import { signerWith } from '../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../origin/catalog/sqlite/schema.ts';
import { openDatabase } from '../../shared/sqlite/open.ts';
import { asRemote } from '../helpers/in-process.ts';
import { watchedCalls } from '../helpers/watched-calls.ts';
import { catalogContract } from './catalog/all.ts';
import { catalogFile } from './catalog-file.ts';

/** What the calls of the contract were seen to do, by their names. */
const seen = new Map<string, Set<Effect>>();

/** Notes of each call what it left behind. */
function watched<T extends object>(calls: T, database: DatabaseSync): T {
  const last = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM record');
  const endOfLog = () => Number(last.get()?.seq);
  let end = endOfLog();
  return watchedCalls(calls, database, (call, durability) => {
    const before = end;
    end = endOfLog();
    const effect = end > before && durability === 'durable' ? 'appends' : durability;
    seen.set(call, (seen.get(call) ?? new Set()).add(effect));
  });
}

catalogContract('SQLite, watched', async () => {
  const file = catalogFile();
  return {
    open: async (key) => {
      const database = openDatabase(file, migrations);
      const calls = watched(sqliteCalls(database, signerWith(key)), database);
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
  for (const name of ['reveal', 'stage', 'putSite', 'join', 'addObjects', 'createToken', 'addPurges'])
    t.strictSame(seen.get(name)?.has(said.get(name) ?? 'reads'), true, `${name} was seen`);
});

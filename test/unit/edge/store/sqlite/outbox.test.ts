import t from 'tap';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { EDGE_DURABILITY } from '../../../../../edge/store/durability.ts';
import { migrations } from '../../../../../edge/store/sqlite/schema.ts';
import { openSqliteEdgeCatalog, sqliteEdgeCalls } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import type { PurgeReceipt } from '../../../../../shared/log/purge-receipt.ts';
import type { Receipt } from '../../../../../shared/log/receipt.ts';
import { MAX_STATEMENT_BYTES } from '../../../../../shared/log/statement-kind.ts';
import type { TaskResult } from '../../../../../shared/log/task-result.ts';
import { openDatabase } from '../../../../../shared/sqlite/open.ts';
import { watchedCalls } from '../../../../helpers/watched-calls.ts';

const signer = { log: 'l', epoch: 1, edge: 'e', since: 1, sig: 's' };
const receipt = (revision: number, covers = 'all'): Receipt => ({
  ...{ ...signer, site: 1, revision, root: 'r', seq: revision, covers },
});
const purged = (seq: number): PurgeReceipt => ({ ...signer, site: 1, seq, matched: 0 });
const ended = (task: number, attempt: number, outcome: TaskResult['outcome']): TaskResult => ({
  ...{ log: 'l', epoch: 1, edge: 'e', task, share: 0, attempt, nonce: 'n', outcome },
  ...{ time: 1, result: '{}', sig: 's' },
});
const result = (body: TaskResult) => ({ kind: 'task-result', body }) as const;
const said = (body: Receipt) => ({ kind: 'receipt', body }) as const;
const done = (body: PurgeReceipt) => ({ kind: 'purge-receipt', body }) as const;

t.test('what an edge has signed waits until it is acknowledged', async (t) => {
  const catalog = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => catalog.close());
  catalog.purgesDone([purged(7), purged(5)]);
  catalog.addReceipt(receipt(3));
  catalog.addReceipt(receipt(2));
  const all = [said(receipt(3)), said(receipt(2)), done(purged(7)), done(purged(5))];
  t.strictSame(catalog.unsentStatements(10, 1e6), all, 'receipts first, then as they were signed');
  t.strictSame(catalog.unsentStatements(2, 1e6), all.slice(0, 2));
  t.strictSame(
    catalog.unsentStatements(1, 1e6, ['purge-receipt', 'later']),
    all.slice(2, 3),
    'of some kinds',
  );
  t.strictSame(catalog.unsentStatements(10, 1e6, []), []);

  t.strictSame(catalog.unsentStatements(10, 1), all.slice(0, 1), 'until there are enough bytes');
  t.throws(
    () => catalog.addReceipt(receipt(4, 'a'.repeat(MAX_STATEMENT_BYTES))),
    'none that no report could hold',
  );

  catalog.addReceipt(receipt(3, 'a/'));
  catalog.acknowledged(all.slice(0, 3));
  t.strictSame(
    catalog.unsentStatements(10, 1e6),
    [said(receipt(3, 'a/')), done(purged(5))],
    'what was signed anew meanwhile goes on waiting',
  );
  catalog.acknowledged(all);
  catalog.acknowledged([said(receipt(3, 'a/'))]);
  t.strictSame(catalog.unsentStatements(10, 1e6), []);
});

t.test('the result of an attempt waits beside those of others, and the newest one counts', async (t) => {
  const catalog = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => catalog.close());
  catalog.purgesDone([purged(7)]);
  catalog.addTaskResult(ended(7, 1, 'failed'));
  catalog.addTaskResult(ended(7, 2, 'done'));
  catalog.addTaskResult(ended(7, 1, 'done'));
  t.strictSame(catalog.unsentStatements(10, 1e6, ['task-result']), [
    result(ended(7, 2, 'done')),
    result(ended(7, 1, 'done')),
  ]);
  catalog.forgetSite(1);
  catalog.acknowledged([result(ended(7, 1, 'failed')), result(ended(7, 2, 'done'))]);
  t.strictSame(catalog.unsentStatements(10, 1e6), [result(ended(7, 1, 'done'))]);
  const large = { ...ended(8, 1, 'done'), result: 'a'.repeat(MAX_STATEMENT_BYTES) };
  t.throws(() => catalog.addTaskResult(large), 'none that no report could hold');
});

t.test('a result is durable before anybody hears of it', async (t) => {
  const database = openDatabase(':memory:', migrations);
  const seen: string[] = [];
  const catalog = watchedCalls(sqliteEdgeCalls(database), database, (call, durability) =>
    seen.push(`${call} ${durability}`),
  );
  t.teardown(() => catalog.close());
  catalog.addTaskResult(ended(7, 1, 'done'));
  catalog.unsentStatements(10, 1e6);
  catalog.acknowledged([result(ended(7, 1, 'done'))]);
  t.strictSame(seen, ['addTaskResult durable', 'unsentStatements reads', 'acknowledged durable']);
  t.strictSame(EDGE_DURABILITY.addTaskResult, 'durable');
});

t.test('an edge drops the statements about a site with the site', async (t) => {
  const catalog = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => catalog.close());
  const elsewhere = { ...receipt(2), site: 11 };
  catalog.addReceipt(receipt(12));
  catalog.addReceipt(elsewhere);
  catalog.forgetSite(1);
  t.strictSame(catalog.unsentStatements(10, 1e6), [said(elsewhere)]);
});

t.test('what the newest receipt covers is known after it was acknowledged', async (t) => {
  const catalog = openSqliteEdgeCatalog(':memory:');
  t.teardown(() => catalog.close());
  const milestone = { revision: 1, root: null, seq: 1, files: null };
  catalog.reveal(1, milestone, WHOLE, 1);
  t.equal(catalog.lastReceipt(1, 1), undefined);
  catalog.addReceipt(receipt(1));
  catalog.acknowledged([said(receipt(1))]);
  t.match(catalog.lastReceipt(1, 1), { covers: 'all', seq: receipt(1).seq });
  catalog.addReceipt(receipt(1, 'a/'));
  t.equal(catalog.lastReceipt(1, 1)?.covers, 'a/');
});

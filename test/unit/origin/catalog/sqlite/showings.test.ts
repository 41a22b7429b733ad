import t from 'tap';
import { KEPT_SHOWINGS } from '../../../../../origin/catalog/limits.ts';
import { signerWith } from '../../../../../origin/catalog/record-signer.ts';
import { catalogContext } from '../../../../../origin/catalog/sqlite/context.ts';
import { fleetCalls } from '../../../../../origin/catalog/sqlite/fleet.ts';
import { openLogWriter } from '../../../../../origin/catalog/sqlite/log-writer.ts';
import { migrations } from '../../../../../origin/catalog/sqlite/schema.ts';
import { noteShowing } from '../../../../../origin/catalog/sqlite/showings.ts';
import type { Receipt } from '../../../../../shared/log/receipt.ts';
import type { Seq } from '../../../../../shared/log/record.ts';
import { openDatabase } from '../../../../../shared/sqlite/open.ts';
import { originKey } from '../../../shared/fixed-keys.ts';

t.test(
  'a revision that rollouts are taken back to without end keeps receipts of the newest alone',
  async (t) => {
    const database = openDatabase(':memory:', migrations);
    const { sql } = catalogContext(database, openLogWriter(database, signerWith(originKey)));
    const receipt = (site: number, record: number) =>
      sql("INSERT INTO receipt VALUES (?, 1, 'oslo', 'key', ?, '{}')").run(site, record);
    const note = (seq: number, site: number) => {
      sql("INSERT INTO record VALUES (?, '', '{}', 2)").run(seq);
      noteShowing(sql, { seq: seq as Seq, site, revision: 1, edges: ['oslo'] });
      receipt(site, seq);
    };
    receipt(1, 0);
    note(1, 2);
    for (let seq = 2; seq < KEPT_SHOWINGS + 5; seq++) note(seq, 1);
    const kept = (table: string, column: string) =>
      sql(`SELECT ${column} AS seq FROM ${table} WHERE site = 1 ORDER BY ${column}`)
        .all()
        .map(({ seq }) => seq);
    t.equal(kept('showing', 'seq').length, KEPT_SHOWINGS);
    t.equal(kept('showing', 'seq')[0], 5);
    t.strictSame(kept('receipt', 'record'), [0, ...kept('showing', 'seq')], 'that of the activation stays');
    t.equal(
      sql('SELECT count(*) AS count FROM receipt WHERE site = 2').get()?.count,
      1,
      'so do those of others',
    );
  },
);

t.test('a receipt for a record that is not kept any more replaces no other', async (t) => {
  const database = openDatabase(':memory:', migrations);
  const context = catalogContext(database, openLogWriter(database, signerWith(originKey)));
  const { sql } = context;
  const fleet = fleetCalls(context);
  const root = 'a'.repeat(64);
  sql(
    `INSERT INTO revision (site, revision, seq, root, base, files, bytes, message, time, mode, state)
     VALUES (1, 1, 10, ?, 0, 0, 0, '', 0, 'async', 'activated')`,
  ).run(root);
  sql(
    `INSERT INTO edge (name, region, public_key, seq) VALUES ('oslo', 'eu', 'key of oslo', 1), ('rome', 'eu', 'key of rome', 1)`,
  ).run();
  const receipt = (edge: string, seq: number, covers = 'all'): Receipt => ({
    ...{ log: 'log', epoch: 1, edge, site: 1, revision: 1, root, seq, since: seq, covers, sig: 'sig' },
  });
  const note = (seq: number) => {
    sql("INSERT INTO record VALUES (?, '', '{}', 2)").run(seq);
    noteShowing(sql, { seq: seq as Seq, site: 1, revision: 1, edges: ['oslo'] });
  };
  const first = receipt('oslo', 10);
  t.strictSame(fleet.addReceipts([first]), [first]);
  // The steps that showed it before it was activated, and the aborts after which it is shown again.
  note(9);
  for (let seq = 11; seq < KEPT_SHOWINGS + 10; seq++) note(seq);
  const kept = [receipt('oslo', 9), receipt('oslo', 11)];
  t.strictSame(fleet.addReceipts(kept), kept, 'as many as are kept');
  for (let seq = KEPT_SHOWINGS + 10; seq < KEPT_SHOWINGS + 20; seq++) note(seq);

  const late = [9, 11, 19].flatMap((seq) => [receipt('oslo', seq, 'pages'), receipt('rome', seq, 'pages')]);
  t.strictSame(fleet.addReceipts(late), [], 'they are ignored');
  t.strictSame(fleet.receipts(1, 1), [first]);
  t.strictSame(fleet.confirming(1, 1), ['oslo']);
  const others = [receipt('oslo', 20), receipt('oslo', 10, 'all of it'), receipt('rome', 10)];
  const changed = { ...receipt('oslo', 10, 'all of it'), since: 99 };
  t.strictSame(fleet.addReceipts([...others, changed]), [...others, changed]);
  t.strictSame(fleet.receipts(1, 1), [changed, receipt('oslo', 20), receipt('rome', 10)]);
});

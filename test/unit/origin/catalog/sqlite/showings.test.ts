import t from 'tap';
import { KEPT_SHOWINGS } from '../../../../../origin/catalog/limits.ts';
import { signerWith } from '../../../../../origin/catalog/record-signer.ts';
import { catalogContext } from '../../../../../origin/catalog/sqlite/context.ts';
import { openLogWriter } from '../../../../../origin/catalog/sqlite/log-writer.ts';
import { migrations } from '../../../../../origin/catalog/sqlite/schema.ts';
import { noteShowing } from '../../../../../origin/catalog/sqlite/showings.ts';
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

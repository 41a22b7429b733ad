import { SkerryError } from '../../../shared/errors.ts';
import type { Payload } from '../../../shared/record-kinds.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { RetentionCalls } from '../retention-catalog.ts';
import { plainDraft } from './append.ts';
import type { CatalogContext } from './context.ts';
import { memberPayload, toEdge } from './fleet.ts';

/** The longest payload that a record may have; see shared/record.ts. */
const MOST_CHARACTERS = 1 << 20;

type CheckpointCalls = Pick<RetentionCalls, 'storedLog' | 'addCheckpoint' | 'dropRecords'>;

export function checkpointCalls({ database, sql, writer, identity }: CatalogContext): CheckpointCalls {
  function payload(): Payload<'checkpoint'> {
    const key = sql("SELECT value FROM meta WHERE name = 'key'").get()?.value;
    if (key === undefined) throw new Error('the log is not founded');
    const sites = sql(
      `SELECT s.id, s.name, s.domains, s.policy, s.live, r.root, r.seq, r.files FROM site s
       LEFT JOIN revision r ON r.site = s.id AND r.revision = s.live WHERE s.deleted = 0 ORDER BY s.id`,
    ).all();
    return {
      key: JSON.parse(String(key)) as Payload<'key'>,
      sites: sites.map((row) => ({
        id: Number(row.id),
        name: String(row.name),
        domains: JSON.parse(String(row.domains)) as string[],
        ...(row.policy !== null && { policy: JSON.parse(String(row.policy)) }),
        revision: Number(row.live),
        root: row.root as string | null,
        seq: Number(row.seq ?? 0),
        files: Number(row.files ?? 0),
      })),
      members: sql('SELECT * FROM edge ORDER BY name')
        .all()
        .map((row) => memberPayload(toEdge(row))),
    };
  }

  return {
    storedLog() {
      const ends = sql('SELECT min(seq) AS first, max(seq) AS head FROM record').get();
      const checkpoints = sql('SELECT seq FROM checkpoint ORDER BY seq').all();
      return {
        first: Number(ends?.first ?? 1),
        head: Number(ends?.head ?? 0),
        checkpoints: checkpoints.map((row) => Number(row.seq)),
      };
    },

    addCheckpoint: (time) =>
      transaction(database, () => {
        const made = payload();
        const { length } = JSON.stringify(made);
        if (length > MOST_CHARACTERS) {
          throw new SkerryError(
            'checkpoint-too-large',
            `a checkpoint of ${made.sites.length} sites and ${made.members.length} edges has ${length} characters, a record at most ${MOST_CHARACTERS}`,
          );
        }
        const seq = writer.append(identity(), [plainDraft('checkpoint', 0, made)], time);
        sql('INSERT INTO checkpoint (seq) VALUES (?)').run(seq);
        return seq;
      }),

    dropRecords: (before, limit) =>
      transaction(database, () => {
        if (sql('SELECT 1 FROM checkpoint WHERE seq = ?').get(before) === undefined)
          throw new Error(`the log cannot begin at ${before}, which is no checkpoint`);
        const { changes } = sql(
          'DELETE FROM record WHERE seq IN (SELECT seq FROM record WHERE seq < ? ORDER BY seq LIMIT ?)',
        ).run(before, limit);
        for (const table of ['checkpoint', 'purge', 'purge_receipt'])
          sql(`DELETE FROM ${table} WHERE seq < (SELECT min(seq) FROM record)`).run();
        return Number(changes);
      }),
  };
}

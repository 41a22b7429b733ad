import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { PAGE_BYTES } from '../../../shared/log/record-page.ts';
import type { Mode } from '../../../shared/site/site-policy.ts';
import type { KnownRevision } from '../retention-calls.ts';
import type { RevisionReads, RevisionRow } from '../revision-calls.ts';
import { shownState } from '../revision-state.ts';
import type { CatalogContext } from './context.ts';

/** The bytes of a revision in a response of the API, without its message. */
const REVISION_BYTES = 400;
export const REVISION = `
  SELECT r.*, r.revision = s.live AS is_live, r.revision = s.tip AS is_tip, r.revision > s.tip AS is_after_tip
  FROM revision r JOIN site s ON s.id = r.site`;

export function revisionReads({ sql }: Pick<CatalogContext, 'sql'>): RevisionReads {
  return {
    revisions(site, limit, before = Number.MAX_SAFE_INTEGER) {
      const page: RevisionRow[] = [];
      let bytes = 0;
      const rows = sql(`${REVISION} WHERE r.site = ? AND r.revision < ? ORDER BY r.revision DESC LIMIT ?`);
      for (const row of rows.iterate(site, before, limit)) {
        page.push(toRevision(row));
        bytes += REVISION_BYTES + Buffer.byteLength(JSON.stringify(row.message));
        if (bytes >= PAGE_BYTES) break;
      }
      return page;
    },

    revision(site, revision) {
      const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ?`).get(site, revision);
      if (row === undefined) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
      return toRevision(row);
    },

    formerlyLive(site) {
      const row = sql(
        `${REVISION} JOIN revision now ON now.site = r.site AND now.revision = s.live
         WHERE r.site = ? AND r.revision < s.live AND r.state = 'activated' AND r.root <> now.root ORDER BY r.revision DESC LIMIT 1`,
      ).get(site);
      return row === undefined ? undefined : toRevision(row);
    },
  };
}

/** The state in a row that REVISION selects. */
export function stateOf(row: Row): RevisionRow['state'] {
  return shownState(row.state as KnownRevision['state'], row.is_tip === 1);
}

function toRevision(row: Row): RevisionRow {
  return {
    revision: row.revision as number,
    seq: row.seq as number,
    root: row.root as Digest,
    base: row.base as number,
    files: row.files as number,
    bytes: row.bytes as number,
    message: row.message as string,
    time: row.time as number,
    restores: row.restores as number | null,
    live: row.is_live === 1,
    mode: row.mode as Mode,
    state: stateOf(row),
    pinned: row.pinned === 1,
  };
}

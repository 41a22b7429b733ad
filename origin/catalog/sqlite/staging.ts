import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { relaxed } from '../../../shared/sqlite/open.ts';
import type { StagingCalls } from '../staging-calls.ts';
import type { CatalogContext } from './context.ts';
import { heldRevisionReaders } from './held-revisions.ts';

const STAGE_PAGE = 2000;

/** The calls that stage a deploy are in deploys.ts, with the calls that read it. */
type WithoutDeploys = Omit<StagingCalls, 'stageDeploy' | 'stageAbsent'>;

export function stagingCalls(context: CatalogContext): WithoutDeploys {
  const { database, sql } = context;
  const staging = openStaging(database);
  const reader = heldRevisionReaders(context);
  return {
    ...staging,

    beginStaging(site) {
      return relaxed(database, () => {
        const row = sql('SELECT newest, staging FROM site WHERE id = ? AND deleted = 0').get(site);
        if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
        const newest = Number(row.newest);
        sql('UPDATE site SET staging = ? WHERE id = ?').run(newest + 1, site);
        return { revision: newest + 1, newest, leftover: row.staging !== null };
      });
    },

    unstage(site, revision, limit) {
      const newest = Number(sql('SELECT newest FROM site WHERE id = ?').get(site)?.newest ?? 0);
      if (revision <= newest) throw new Error(`revision ${revision} is revealed, so it cannot be unstaged`);
      return staging.unstage(site, revision, limit);
    },

    endStaging(site) {
      sql('UPDATE site SET staging = NULL WHERE id = ?').run(site);
    },

    stageDiff(site, revision, from, to, after) {
      const page = reader.diffPage(site, from, to, after, STAGE_PAGE);
      staging.stage(site, revision, page.changes);
      return page.next;
    },
  };
}

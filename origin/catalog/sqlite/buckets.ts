import type { ContentPath } from '../../../shared/content/content-path.ts';
import type { Change } from '../../../shared/content/diff.ts';
import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { BucketCalls } from '../bucket-calls.ts';
import { changeTo, NO_DETAILS } from '../file-change.ts';
import { bucketLister } from './bucket-lister.ts';
import { heldObject } from './bucket-rows.ts';
import type { BucketWriter } from './bucket-writer.ts';
import type { CatalogContext } from './context.ts';
import { requestNames } from './request-names.ts';

const STAGE_PAGE = 2000;

export function bucketCalls(context: CatalogContext, writer: BucketWriter): BucketCalls {
  const { database, sql } = context;
  const staging = openStaging(database);
  const list = bucketLister(sql);
  return {
    namedByRequests: requestNames(context, writer),

    bucketObject: (site, path) => writer.find(writer.state(site), path),

    bucketPage: (site, query, at, limit) => list(writer.state(site), query, at, limit),

    changeBucket: (changes, time) =>
      transaction(database, () => changes.map((change) => writer.change(change, time))),

    heldSites: () =>
      sql(
        `SELECT id FROM site s WHERE deleted = 0
           AND EXISTS (SELECT 1 FROM bucket_object b WHERE b.site = s.id AND b.number > s.held_done)`,
      )
        .all()
        .map((row) => Number(row.id)),

    openHeld: (deploy, site, time) =>
      transaction(database, () => {
        const until = writer.newest(site);
        if (until <= writer.state(site).done) return undefined;
        sql('INSERT INTO deploy (id, site, created, held) VALUES (?, ?, ?, ?)').run(
          deploy,
          site,
          time,
          until,
        );
        return until;
      }),

    stageHeld(site, revision, time, { after, until }) {
      const rows = sql(
        `SELECT * FROM bucket_object INDEXED BY bucket_object_number
         WHERE site = ? AND number > ? AND number <= ? ORDER BY number LIMIT ${STAGE_PAGE}`,
      ).all(site, Math.max(after, writer.state(site).done), until);
      const changes: Change[] = [];
      for (const row of rows) {
        const path = row.path as ContentPath;
        const object = heldObject(row) ?? null;
        const { type, meta } = object ?? NO_DETAILS;
        const change = changeTo({ path, object, type, meta }, staging.staged(site, path), time);
        if (change !== undefined) changes.push(change);
      }
      staging.stage(site, revision, changes);
      return rows.length < STAGE_PAGE ? undefined : Number(rows.at(-1)?.number);
    },
  };
}

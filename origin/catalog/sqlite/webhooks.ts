import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { relaxed, transaction } from '../../../shared/sqlite/open.ts';
import { MOST_WEBHOOKS } from '../limits.ts';
import type { StoredWebhook, WebhookCalls } from '../webhook-calls.ts';
import type { CatalogContext } from './context.ts';

export function webhookCalls({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): WebhookCalls {
  const named = (name: string) => sql('SELECT * FROM webhook WHERE name = ?').get(name);

  return {
    webhooks: () => sql('SELECT * FROM webhook ORDER BY name').all().map(toWebhook),

    putWebhook: ({ name, url, kinds, site, secret }) =>
      transaction(database, () => {
        const count = Number(sql('SELECT count(*) AS count FROM webhook').get()?.count);
        if (named(name) === undefined && count >= MOST_WEBHOOKS)
          throw new SkerryError('too-many-webhooks', `there are ${MOST_WEBHOOKS} webhooks already`);
        sql(
          `INSERT INTO webhook (name, url, kinds, site, secret, cursor)
           VALUES (?, ?, ?, ?, ?, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0))
           ON CONFLICT (name) DO UPDATE
             SET url = excluded.url, kinds = excluded.kinds, site = excluded.site, secret = excluded.secret`,
        ).run(name, url, kinds === null ? null : JSON.stringify(kinds), site, secret);
        return toWebhook(named(name) ?? {});
      }),

    deleteWebhook(name) {
      const { changes } = sql('DELETE FROM webhook WHERE name = ?').run(name);
      if (changes === 0) throw new SkerryError('no-such-webhook', `there is no webhook ${name}`);
    },

    moveWebhook(id, cursor) {
      relaxed(database, () => sql('UPDATE webhook SET cursor = ? WHERE id = ?').run(cursor, id));
    },
  };
}

function toWebhook(row: Row): StoredWebhook {
  return {
    id: Number(row.id),
    name: String(row.name),
    url: String(row.url),
    kinds: row.kinds === null ? null : (JSON.parse(String(row.kinds)) as string[]),
    site: row.site as string | null,
    secret: String(row.secret),
    cursor: Number(row.cursor),
  };
}

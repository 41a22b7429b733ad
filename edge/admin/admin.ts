import type { Logger } from 'pino';
import { httpServer } from '../../shared/http/http-server.ts';
import { untilClosed } from '../../shared/http/once-closed.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import type { Scrape } from '../../shared/process/exposition.ts';
import { version } from '../../shared/version.ts';
import type { Identity } from '../follow/upstream/identity.ts';
import type { ReplicaStatus, StorageStatus } from '../report/replica-status.ts';
import type { AskableWork } from '../work/work.ts';
import { type AdminAccess, adminAccess } from './admin-access.ts';
import { readinessOf } from './readiness.ts';

/**
 * Work pauses after this time, if its kind can pause, so that the caller gets an answer. The next request continues the
 * work.
 */
const ANSWER_MS = 30_000;

/** The edge whose state the admin port shows. */
export interface AdminSource {
  status(): Promise<ReplicaStatus>;
  /** Undefined for an edge with full storage. */
  readonly storage: (() => StorageStatus) | undefined;
}

/**
 * Builds the admin server, which is separate from the server for readers. It serves the health check, readiness,
 * metrics and status, and runs work on this edge alone. `scrape` returns the text of `/metrics`.
 */
export function buildAdmin(
  { name, region }: Pick<Identity, 'name' | 'region'>,
  source: AdminSource,
  work: AskableWork,
  scrape: Scrape,
  log: Logger,
  access: AdminAccess,
): HttpServer {
  const app = httpServer(log, { forceCloseConnections: true });
  app.addHook('onRequest', adminAccess(access));

  const overview = async () => {
    const { sites, ...status } = await source.status();
    return {
      ...{ name, region, version, ...status },
      sites: sites.map(({ id: _id, ...site }) => site),
      storage: source.storage?.() ?? null,
    };
  };

  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const readiness = readinessOf(await overview());
    if (readiness.status !== 'ready') reply.code(503);
    return readiness;
  });

  app.get('/status', overview);

  for (const { kind, arguments: body, mostArgumentBytes } of work.kindsFor('admin-port')) {
    const limit = mostArgumentBytes === undefined ? {} : { bodyLimit: mostArgumentBytes };
    app.post(`/${kind}`, { ...limit, schema: { body } }, (request, reply) =>
      work.ask(kind, request.body, {
        by: { kind: 'admin-port' },
        signal: untilClosed(reply.raw),
        pause: AbortSignal.timeout(ANSWER_MS),
      }),
    );
  }

  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await scrape();
    return reply.type(contentType).send(text);
  });

  return app;
}

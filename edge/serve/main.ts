import { once } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import type { ListenOptions, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { systemCode } from '../../shared/errors.ts';
import { createLogger } from '../../shared/logger.ts';
import { openManifestReader } from '../../shared/manifest/reading.ts';
import { openForReading } from '../../shared/sqlite/open.ts';
import { openObjectReader } from '../../shared/store/object-reader.ts';
import type { FromServing, ToServing } from '../activate/messages.ts';
import { Content } from './content.ts';
import { Counters } from './counters.ts';
import { HotAnswers } from './fast-lane/hot-answers.ts';
import { buildLane } from './fast-lane/lane.ts';
import { RulesInForce } from './rules-in-force.ts';
import { buildSecureServer, buildServer, KEEP_ALIVE_MS } from './server.ts';
import { Tls } from './tls/tls.ts';
import { Views } from './views.ts';

/** A serving process: started by the switchboard, told by it what to show, gone when it is gone. */
const DRAIN_MS = 10_000;

type Start = Extract<ToServing, { t: 'start' }>;

const tell = (message: FromServing) => {
  if (process.connected) process.send?.(message);
};

// Ctrl-C reaches the whole process group; the replicator decides when serving ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.once('message', (message: ToServing) => {
  if (message.t !== 'start') throw new Error(`a serving process begins with start, not ${message.t}`);
  serve(message).catch((error: unknown) => {
    tell({ t: 'failed', code: systemCode(error) ?? 'internal', message: String(error) });
    process.exitCode = 1;
    process.disconnect?.();
  });
});

async function serve({ folder, host, port, tls: tlsOptions }: Start): Promise<void> {
  const catalog = openForReading(join(folder, 'catalog.sqlite'));
  const objects = openObjectReader(join(folder, 'objects'));
  const views = new Views();
  const counters = new Counters();
  const content = new Content(openManifestReader(catalog), objects);
  const rules = new RulesInForce(content);
  const log = createLogger();
  const tls = tlsOptions && (await Tls.open(tlsOptions, log));
  const answers = new HotAnswers({ content, rules, tls, keepAliveMs: KEEP_ALIVE_MS });
  const parts = { views, content, rules, counters, log, tls };
  const app = buildServer(parts);
  await app.ready();
  const lane = buildLane({ views, answers, counters, keepAliveMs: KEEP_ALIVE_MS, fullServer: app.server });
  const secure = tls && buildSecureServer(parts, tls);
  await secure?.ready();
  const sessions = new Set<ServerHttp2Session>();
  secure?.server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });

  tls?.watch(certificatesChanged);

  process.on('message', (message: ToServing) => {
    switch (message.t) {
      case 'hold':
        views.hold();
        return tell({ t: 'held', turn: message.turn });
      case 'switch':
        views.switch(message.views);
        answers.forgetAll();
        return tell({ t: 'switched', turn: message.turn });
      case 'lease':
        return views.lease(message.until);
      case 'forget':
        content.forget(message.digests);
        return answers.forgetAll();
      case 'counters':
        return tell({ t: 'counters', turn: message.turn, counters: counters.snapshot() });
      case 'drain':
        return drain();
      case 'start':
        throw new Error('a serving process is started once');
    }
  });
  process.once('disconnect', endAsOrphan);
  // The replicator may have gone before anyone listened.
  if (!process.connected) return endAsOrphan();

  // Node enforces the time-outs of a server that listens alone: here on a name that no reader can reach.
  await listening(app.server, { path: `\0skerry-${process.pid}` });
  await listening(lane.server, { host, port, reusePort: true });
  if (tls && secure) await listening(secure.server, { host, port: tls.port, reusePort: true });
  tell({ t: 'listening', port });

  function certificatesChanged(): void {
    answers.forgetAll();
    const fallback = tls?.fallback;
    if (fallback !== undefined) secure?.server.setSecureContext({ cert: fallback.pem, key: fallback.key });
  }

  /** The next replicator shows newer revisions beside this process: it begins nothing more, on any connection. */
  function endAsOrphan(): void {
    for (const server of [app.server, secure?.server])
      server?.prependListener('request', ({ socket }: { socket: Socket }) => socket.destroy());
    drain();
  }

  async function drain(): Promise<void> {
    setTimeout(() => process.exit(0), DRAIN_MS).unref();
    const closed = [lane.server, app.server, secure?.server].map(
      (server) =>
        new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))),
    );
    lane.closeConnections();
    app.server.closeIdleConnections();
    for (const session of sessions) session.close();
    await Promise.all(closed);
    process.exit(0);
  }
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

import { mkdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../shared/clock.ts';
import { openDataFolder } from '../shared/data-folder.ts';
import { SkerryError } from '../shared/errors.ts';
import { startSurveyThreads } from '../shared/hashing/survey-threads.ts';
import { freePort, listen } from '../shared/listen.ts';
import { signReceipt } from '../shared/receipt.ts';
import { openFileObjectStore } from '../shared/store/file-object-store.ts';
import { version } from '../shared/version.ts';
import { startSwitchboard } from './activate/switchboard.ts';
import { Visible } from './activate/visible.ts';
import { edgeKey, type Identity, readIdentity, writeIdentity } from './follow/identity.ts';
import { type JoinOptions, join } from './follow/join.ts';
import { followLog } from './follow/log-follow.ts';
import { ObjectFetch } from './follow/object-fetch.ts';
import { SiteLoops } from './follow/site-loops.ts';
import { type Caller, Upstream } from './follow/upstream.ts';
import { buildAdmin } from './report/admin.ts';
import { Reporter } from './report/reporter.ts';
import { openEdgeCatalog } from './store/open-catalog.ts';

export interface EdgeOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  /** Serving processes. */
  readonly processes: number;
  /** Needed at the first start; ignored once the edge has joined. */
  readonly join?: JoinOptions;
  /** Where the origin is now, if not where it was at the join. */
  readonly origin?: string;
}

export interface RunningEdge {
  readonly name: string;
  readonly url: string;
  readonly adminUrl: string;
  close(): Promise<void>;
}

const ADMIN_HOST = '127.0.0.1';

/** Builds an edge from its parts and starts it; what has been opened is closed again when a part fails. */
export async function startEdge(options: EdgeOptions, log: Logger): Promise<RunningEdge> {
  await using opened = new AsyncDisposableStack();
  const clock = systemClock;
  const adminAddress = { host: ADMIN_HOST, port: options.adminPort };
  const port = await freePort(options);
  await freePort(adminAddress);
  const folder = await openDataFolder(options.data, 'edge');
  opened.defer(() => folder.release());
  const file = (name: string) => joinPath(folder.path, name);

  const { catalog, close: closeCatalog } = openEdgeCatalog(file('catalog.sqlite'));
  opened.defer(closeCatalog);
  const surveys = startSurveyThreads(1);
  opened.defer(() => surveys.close());
  await mkdir(file('objects'), { recursive: true });
  const store = await openFileObjectStore(file('objects'), surveys);
  opened.defer(() => store.close());

  const stopping = new AbortController();
  const key = await edgeKey(file('edge-key.pem'));
  const identity = (await readIdentity(file('identity.json'))) ?? (await joinLog(file('identity.json')));
  const upstream = new Upstream(options.origin ?? identity.origin, clock);
  opened.defer(() => upstream.close());
  let chain = await catalog.chain();
  if (chain === undefined)
    throw new SkerryError('data-folder-foreign', `${folder.path} has an identity but no log`);
  const caller: Caller = { name: identity.name, key, log: chain.log };

  const reporter = new Reporter();
  const switchboard = await startSwitchboard({
    folder: folder.path,
    host: options.host,
    port,
    processes: options.processes,
    views: await Visible.views(catalog),
    clock,
    log,
  });
  opened.defer(() => switchboard.close());
  const { log: logId, epoch } = chain;
  const visible = await Visible.open(catalog, switchboard, async ({ id, active }) => {
    if (active.root === null || (await catalog.hasReceipt(id, active.revision))) return;
    await catalog.addReceipt(
      signReceipt(
        {
          log: logId,
          epoch,
          edge: identity.name,
          site: id,
          revision: active.revision,
          root: active.root,
          seq: active.seq,
          since: clock.now(),
          covers: 'all',
        },
        key,
      ),
    );
  });

  const objects = new ObjectFetch(upstream, caller, store);
  const loops = new SiteLoops(
    { catalog, upstream, caller, objects, clock, log },
    async () => {
      await visible.show();
      reporter.changed();
    },
    stopping.signal,
  );

  const sites = async () =>
    (await catalog.sites()).map(({ id, name, target }) => {
      const progress = loops.progress(id);
      return {
        id,
        name,
        revision: visible.revision(id),
        target: target.revision,
        pendingBytes: progress?.pendingBytes ?? 0,
        error: progress?.error ?? null,
      };
    });

  const admin = buildAdmin(
    async () => ({
      name: identity.name,
      region: identity.region,
      version,
      position: chain?.seq ?? 0,
      head: chain?.head ?? 0,
      sites: (await sites()).map(({ id: _id, ...site }) => site),
    }),
    () => switchboard.counters(),
    log,
  );
  opened.defer(() => admin.close());
  const adminUrl = await listen(admin, adminAddress);

  const afterRecords = async () => {
    // Names, domains and deletions take effect here; new revisions when their site's loop has brought them in.
    await visible.show();
    await loops.wake();
    reporter.changed();
  };

  const running = [
    followLog(
      {
        catalog,
        upstream,
        caller,
        clock,
        log,
        moved: (now) => {
          const isNew = now.seq !== chain?.seq;
          chain = now;
          if (isNew) afterRecords().catch((error) => log.error({ err: error }, 'new records had no effect'));
        },
      },
      chain,
      stopping.signal,
    ),
    reporter.run(
      {
        upstream,
        caller,
        catalog,
        clock,
        log,
        state: async () => ({
          position: chain?.seq ?? 0,
          version,
          sites: (await sites()).map(({ id, name: _name, ...site }) => ({ site: id, ...site })),
        }),
      },
      stopping.signal,
    ),
  ];
  await loops.wake();
  opened.defer(async () => {
    stopping.abort();
    await Promise.allSettled(running);
    await loops.ended();
  });

  const parts = opened.move();
  return {
    name: identity.name,
    url: `http://${urlHost(options.host)}:${port}`,
    adminUrl,
    close: () => parts.disposeAsync(),
  };

  async function joinLog(identityFile: string): Promise<Identity> {
    if (options.join === undefined) {
      throw new SkerryError('bad-config', 'a first start needs --origin, --join, --name and --region');
    }
    const { origin, name, region } = options.join;
    const first = new Upstream(origin, clock);
    try {
      await catalog.begin(await join(first, options.join, key, stopping.signal));
    } finally {
      await first.close();
    }
    const joined = { name, region, origin };
    await writeIdentity(identityFile, joined);
    return joined;
  }
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

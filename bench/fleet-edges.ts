/** A child process of bench/fleet.ts. It runs many replicating edges, each with its own catalog in memory. */
import { machineTime, systemClock } from '../shared/clock.ts';
import { createLogger } from '../shared/process/logger.ts';
import { NO_LIMITS } from '../shared/wire/protocol.ts';
import { InnerEdge } from '../test/helpers/inner-edge.ts';

export type ToEdges =
  | {
      readonly t: 'join';
      readonly origin: string;
      readonly edges: readonly { name: string; token: string }[];
    }
  /** From now on, each edge follows the feed at its index. `areOrigin` tells whether these feeds are the origin's. */
  | { readonly t: 'follow'; readonly urls: readonly string[]; readonly areOrigin: boolean }
  | { readonly t: 'status'; readonly site: string };

export type FromEdges =
  | { readonly t: 'ready' }
  | { readonly t: 'shown'; readonly edge: string; readonly revision: number; readonly at: number }
  | { readonly t: 'status'; readonly edges: readonly FleetStatus[] };

/** The state of an edge according to its own catalog and disk. */
export interface FleetStatus {
  readonly edge: string;
  readonly position: number;
  readonly head: number;
  readonly revision: number;
  readonly root: string | null;
  /** The number of objects in the shown revision that the edge lacks. */
  readonly missing: number;
}

const edges: InnerEdge[] = [];
const tell = (message: FromEdges) => void process.send?.(message);

process.on('message', (message: ToEdges) => {
  act(message).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
process.once('disconnect', async () => {
  await Promise.all(edges.map((edge) => edge.remove()));
  process.exit(0);
});

async function act(message: ToEdges): Promise<void> {
  switch (message.t) {
    case 'join':
      for (const { name, token } of message.edges) edges.push(await joined(name, message.origin, token));
      return tell({ t: 'ready' });
    case 'follow':
      for (const [i, edge] of edges.entries()) {
        await edge.stop();
        if (message.areOrigin) edge.originUrls = message.urls;
        await edge.start([message.urls[i] ?? ''], NO_LIMITS);
      }
      return tell({ t: 'ready' });
    case 'status':
      return tell({
        t: 'status',
        edges: await Promise.all(edges.map((edge) => fleetStatus(edge, message.site))),
      });
  }
}

async function fleetStatus(edge: InnerEdge, name: string): Promise<FleetStatus> {
  const status = await edge.replica?.status();
  const site = edge.catalog.siteNamed(name);
  if (status === undefined || site === undefined) throw new Error(`${edge.name} has no site ${name}`);
  const { revision, root } = site.active;
  let missing = 0;
  let cursor: ReturnType<typeof edge.catalog.manifestPage>['next'];
  do {
    const page = edge.catalog.manifestPage(site.id, revision, cursor, 1000);
    missing += page.entries.filter(({ digest }) => !edge.disk.objects.has(digest)).length;
    cursor = page.next;
  } while (cursor !== undefined);
  return {
    edge: edge.name,
    position: status.position,
    head: status.head,
    revision: status.sites.find((shown) => shown.id === site.id)?.revision ?? 0,
    root,
    missing,
  };
}

function joined(name: string, origin: string, token: string): Promise<InnerEdge> {
  const shown = new Map<string, number>();
  return InnerEdge.join(
    {
      name,
      clock: systemClock,
      log: createLogger(),
      encodings: undefined,
      shown(views) {
        for (const { name: site, revision } of views) {
          if (shown.get(site) === revision) continue;
          shown.set(site, revision);
          tell({ t: 'shown', edge: name, revision, at: machineTime() });
        }
      },
    },
    origin,
    token,
  );
}

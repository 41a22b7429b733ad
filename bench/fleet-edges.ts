/** A child of bench/fleet.ts: many replicating edges in one process, each with a catalog of its own in memory. */
import { machineTime } from '../edge/activate/lease.ts';
import { systemClock } from '../shared/clock.ts';
import { createLogger } from '../shared/logger.ts';
import { InnerEdge, NO_LIMITS } from '../test/helpers/inner-edge.ts';

export type ToEdges =
  | {
      readonly t: 'join';
      readonly origin: string;
      readonly edges: readonly { name: string; token: string }[];
    }
  /** Follow this feed from now on. */
  | { readonly t: 'follow'; readonly url: string }
  | { readonly t: 'standing' };

export type FromEdges =
  | { readonly t: 'ready' }
  | { readonly t: 'shown'; readonly edge: string; readonly revision: number; readonly at: number }
  | { readonly t: 'standing'; readonly positions: readonly number[] };

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
      break;
    case 'follow':
      for (const edge of edges) {
        await edge.stop();
        await edge.start([message.url], NO_LIMITS);
      }
      break;
    case 'standing': {
      const standings = await Promise.all(edges.map((edge) => edge.replica?.standing()));
      return tell({ t: 'standing', positions: standings.map((standing) => standing?.position ?? 0) });
    }
  }
  tell({ t: 'ready' });
}

function joined(name: string, origin: string, token: string): Promise<InnerEdge> {
  const shown = new Map<string, number>();
  return InnerEdge.join(
    {
      name,
      clock: systemClock,
      log: createLogger(),
      encodings: undefined,
      quickAudit: true,
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

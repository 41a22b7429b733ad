import type { Bandwidth } from '../../shared/concurrency/bandwidth.ts';
import { type Faults, isLie } from '../follow/faults.ts';
import type { ObjectSource } from '../follow/fetch/object-source.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { Upstream } from '../follow/upstream/upstream.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import { ReadThrough, type ReadThroughParts } from '../read-through/read-through.ts';
import type { ReplicaParts } from './parts.ts';

interface ReadsParts
  extends Pick<ReadThroughParts, 'catalog' | 'store' | 'objects' | 'partials' | 'budget'>,
    Pick<ReplicaParts, 'clock'> {
  readonly upstreams: Upstreams;
  readonly sourceOf: (upstream: Upstream) => ObjectSource;
  readonly position: Pick<LogPosition, 'path'>;
  readonly faults: Faults;
  /** The bandwidth limit of this edge, if it has one. */
  readonly bandwidth: Bandwidth | undefined;
}

/**
 * Builds the part that fetches missing objects. It asks one upstream after another, and works in parallel with
 * replication.
 */
export function readsOf(
  { upstreams, sourceOf, position, faults, bandwidth, clock, ...parts }: ReadsParts,
  signal: AbortSignal,
): ReadThrough {
  return new ReadThrough({
    ...parts,
    sources: () => upstreams.inTurn().map(sourceOf),
    blame(error, { upstream }) {
      if (signal.aborted) return;
      faults.note(error, upstream.url);
      if (isLie(error)) upstreams.avoid(upstream);
    },
    tier: () => (position.path.length === 0 ? 'origin' : 'parent'),
    transfer: { signal, bandwidths: bandwidth === undefined ? [] : [bandwidth], isForReaders: true },
    now: () => clock.monotonic(),
  });
}

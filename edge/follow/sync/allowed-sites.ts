import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';

/**
 * The sites that an edge replicates: the ones it was started for, as far as the log lets it read them. Null stands for
 * all.
 */
export function allowedSites(
  chosen: readonly string[] | null,
  edge: string,
  members: readonly Payload<'member'>[],
): string[] | null {
  const readable = members.find(({ name }) => name === edge)?.mayRead ?? null;
  if (chosen === null) return readable;
  return readable === null ? [...chosen] : chosen.filter((site) => readable.includes(site));
}

/**
 * Limits that read their sites from the log at each use, because the log may change at any time what the edge may read.
 */
export function allowedLimits(
  chosen: EdgeLimits,
  edge: string,
  members: () => readonly Payload<'member'>[],
): EdgeLimits {
  return {
    ...chosen,
    get sites() {
      return allowedSites(chosen.sites, edge, members());
    },
  };
}

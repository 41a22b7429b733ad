import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';

/** The sites that an edge replicates: those sites in its flags that the log allows it to read. Null means all sites. */
export function allowedSites(
  chosen: readonly string[] | null,
  edge: string,
  members: readonly Payload<'member'>[],
): string[] | null {
  const readable = members.find(({ name }) => name === edge)?.mayRead ?? null;
  if (chosen === null) return readable;
  return readable === null ? [...chosen] : chosen.filter((site) => readable.includes(site));
}

/** Limits that read the allowed sites from the log at each use, because a record may change them at any time. */
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

import type { Payload } from '../../shared/record-kinds.ts';

/**
 * The sites that an edge replicates: those that it was started for, within those that the log lets it read. Null
 * stands for all.
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

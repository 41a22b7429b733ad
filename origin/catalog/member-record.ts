import { SkerryError } from '../../shared/errors.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import { MOST_LABELS } from '../../shared/site/names.ts';
import type { EdgeRow, MemberChange } from './fleet-calls.ts';

/** The properties of an edge that the log records. */
export type Member = Omit<EdgeRow, 'lastSeen' | 'report'>;

/**
 * The payload of a `member` record. Properties that most edges do not have are left out, so that more edges fit into a
 * checkpoint.
 */
export function memberPayload(edge: Member): Payload<'member'> {
  const { name, region, lat, lon, publicKey, replaces, revoked, paused, drained, labels, mayRead } = edge;
  return {
    ...{ name, region, lat, lon, publicKey, revoked, paused },
    ...(replaces !== null && { replaces }),
    ...(drained && { drained }),
    ...(labels.length > 0 && { labels: [...labels] }),
    ...(mayRead !== null && { mayRead: [...mayRead] }),
  };
}

/** The edge after the change. Throws `too-many-labels`. */
export function changedMember(edge: EdgeRow, { labels, mostDrained: _, ...change }: MemberChange): EdgeRow {
  return { ...edge, ...change, labels: labelled(edge.labels, labels ?? {}) };
}

/** Throws `too-many-labels`. */
export function labelled(
  labels: readonly string[],
  { add = [], remove = [] }: NonNullable<MemberChange['labels']>,
): readonly string[] {
  const kept = [...new Set([...labels, ...add])].filter((label) => !remove.includes(label)).sort();
  if (kept.length > MOST_LABELS)
    throw new SkerryError('too-many-labels', `an edge has at most ${MOST_LABELS} labels`);
  return kept;
}

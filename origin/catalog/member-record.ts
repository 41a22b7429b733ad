import type { Payload } from '../../shared/log/record-kinds.ts';
import type { EdgeRow } from './fleet-calls.ts';

/** The properties of an edge that the log records. */
export type Member = Omit<EdgeRow, 'lastSeen' | 'report'>;

/** The payload of a `member` record. */
export function memberPayload(edge: Member): Payload<'member'> {
  const { name, region, lat, lon, publicKey, revoked, paused, mayRead } = edge;
  const member = { name, region, lat, lon, publicKey, revoked, paused };
  return mayRead === null ? member : { ...member, mayRead: [...mayRead] };
}

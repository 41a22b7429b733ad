import type { Payload } from '../../shared/log/record-kinds.ts';
import type { EdgeRow } from './fleet-calls.ts';

/** What the log says of an edge. */
export type Member = Omit<EdgeRow, 'lastSeen' | 'report'>;

/** What the log says of a member. */
export function memberPayload(edge: Member): Payload<'member'> {
  const { name, region, lat, lon, publicKey, revoked, paused, mayRead } = edge;
  const member = { name, region, lat, lon, publicKey, revoked, paused };
  return mayRead === null ? member : { ...member, mayRead: [...mayRead] };
}

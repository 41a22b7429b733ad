import { SkerryError } from '../../shared/errors.ts';
import type { NewMember } from '../../shared/wire/protocol.ts';
import { labelled, type Member } from './member-record.ts';
import type { StoredToken } from './token-calls.ts';
import { isSecretOf, JOIN, tokenState } from './token-state.ts';

/** The record of a publish can name this many edges. */
const MOST_EDGES = 10_000;

/** Everything that decides whether an edge joins, read at one moment. */
export interface JoinSituation {
  readonly request: NewMember;
  /** The hash of the secret that the edge has proved to know. */
  readonly secretHash: Uint8Array;
  readonly token: StoredToken | undefined;
  /** The key of the edge that already has the name. */
  readonly memberKey: string | undefined;
  /** The number of edges. */
  readonly edges: number;
  readonly time: number;
}

export type JoinPlan =
  /** The edge has joined before. The answer to its first request may have been lost. */
  { readonly kind: 'repeat' } | { readonly kind: 'admit'; readonly member: Member };

/** Throws `bad-join-token`, `name-taken` and `too-many-edges`. */
export function planJoin({ request, secretHash, token, memberKey, edges, time }: JoinSituation): JoinPlan {
  const { name, region, lat, lon, publicKey, labels = [] } = request;
  if (token === undefined || token.scope !== JOIN || !isSecretOf(token, secretHash))
    throw new SkerryError('bad-join-token', 'the origin does not know the join token');
  if (memberKey === publicKey && token.usedBy === name) return { kind: 'repeat' };
  const state = tokenState(token, time);
  if (state !== 'valid') throw new SkerryError('bad-join-token', `the join token is ${state}`);
  if (token.edge !== null && token.edge !== name)
    throw new SkerryError('bad-join-token', `the join token is bound to the edge ${token.edge}`);
  if (memberKey !== undefined) throw new SkerryError('name-taken', `there is already an edge ${name}`);
  if (edges >= MOST_EDGES) throw new SkerryError('too-many-edges', `a log has at most ${MOST_EDGES} edges`);
  const { mayRead } = token;
  const member = {
    ...{ name, region, lat, lon, publicKey, mayRead },
    ...{ revoked: false, paused: false, drained: false, labels: labelled([], { add: labels }) },
  };
  return { kind: 'admit', member };
}

import { SkerryError } from '../../shared/errors.ts';
import type { NewMember } from '../../shared/wire/protocol.ts';
import type { EdgeRow } from './fleet-calls.ts';
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
  /** The edge that already has the name. */
  readonly edge: EdgeRow | undefined;
  /** The number of edges. */
  readonly edges: number;
  readonly time: number;
}

export type JoinPlan =
  /** The edge has joined before. The response to its first request may have been lost. */
  | { readonly kind: 'repeat'; readonly edge: EdgeRow }
  | { readonly kind: 'admit'; readonly member: Member }
  /** The host with this key replaces the host that had the name. */
  | { readonly kind: 'replace'; readonly member: Member };

/** Throws `bad-join-token`, `name-taken`, `too-many-edges` and `too-many-labels`. */
export function planJoin({ request, secretHash, token, edge, edges, time }: JoinSituation): JoinPlan {
  const { name, region, lat, lon, publicKey, labels = [] } = request;
  if (token === undefined || token.scope !== JOIN || !isSecretOf(token, secretHash))
    throw new SkerryError('bad-join-token', 'the origin does not know the join token');
  if (edge?.publicKey === publicKey && token.usedBy === name) return { kind: 'repeat', edge };
  const state = tokenState(token, time);
  if (state !== 'valid') throw new SkerryError('bad-join-token', `the join token is ${state}`);
  if (token.edge !== null && token.edge !== name)
    throw new SkerryError('bad-join-token', `the join token is bound to the edge ${token.edge}`);
  if (token.replaces !== null) return { kind: 'replace', member: replacement(request, token.replaces, edge) };
  if (edge !== undefined) throw new SkerryError('name-taken', `there is already an edge ${name}`);
  if (edges >= MOST_EDGES) throw new SkerryError('too-many-edges', `a log has at most ${MOST_EDGES} edges`);
  const { mayRead } = token;
  const member = {
    ...{ name, region, lat, lon, publicKey, mayRead },
    ...{
      replaces: null,
      revoked: false,
      paused: false,
      drained: false,
      labels: labelled([], { add: labels }),
    },
  };
  return { kind: 'admit', member };
}

/**
 * The new host takes over what an operator has set for the old one: limits, labels, a pause and a drain. If the edge
 * was revoked, it takes over only the limits: the revocation concerns the key of the old host, and the other settings
 * belong to the removal of that host.
 */
function replacement(
  { name, region, lat, lon, publicKey, labels = [] }: NewMember,
  replaced: string,
  edge: EdgeRow | undefined,
): Member {
  if (edge === undefined) throw new SkerryError('bad-join-token', `there is no edge ${name} to replace`);
  if (edge.publicKey !== replaced)
    throw new SkerryError('bad-join-token', `the edge ${name} was replaced since the token was created`);
  if (publicKey === replaced)
    throw new SkerryError(
      'bad-join-token',
      `the join token is for a new host, and this one is ${name} already`,
    );
  const { mayRead, revoked: isNew } = edge;
  return {
    ...{ name, region, lat, lon, publicKey, replaces: replaced, revoked: false, mayRead },
    ...(isNew ? { paused: false, drained: false } : { paused: edge.paused, drained: edge.drained }),
    labels: labelled(isNew ? [] : edge.labels, { add: labels }),
  };
}

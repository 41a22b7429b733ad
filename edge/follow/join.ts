import { SkerryError } from '../../shared/errors.ts';
import { type KeyFingerprint, type SigningKey, signText } from '../../shared/keys.ts';
import { joinProofText } from '../../shared/protocol.ts';
import { type ChainState, firstChainState, noteHead } from './chain-state.ts';
import type { Upstream } from './upstream.ts';

/** What an edge's first start is told. */
export interface JoinOptions {
  readonly origin: string;
  readonly token: string;
  readonly name: string;
  readonly region: string;
  readonly lat: number | null;
  readonly lon: number | null;
}

/**
 * Makes this edge a member of the log that the token leads to: the token carries the fingerprint of the
 * recovery key, the recovery key certifies the signing key, and the signing key signs all the rest.
 */
export async function join(
  upstream: Upstream,
  { token, name, region, lat, lon }: JoinOptions,
  key: SigningKey,
  signal: AbortSignal,
): Promise<ChainState> {
  const trusted = /^skj_[0-9a-f]+\.[A-Za-z0-9_-]+\.([0-9a-f]{32})$/.exec(token)?.[1];
  if (trusted === undefined) throw new SkerryError('bad-join-token', 'that is not a join token');
  const { publicKey } = key;
  const proof = signText(key, joinProofText({ token, name, publicKey }));
  const answer = await upstream.join({ token, name, region, lat, lon, publicKey, proof }, signal);
  const first = firstChainState(answer.log, answer.epoch, answer.key, trusted as KeyFingerprint);
  return noteHead(first, answer.head);
}

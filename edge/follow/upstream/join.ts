import { SkerryError } from '../../../shared/errors.ts';
import { type ChainState, firstChainState, noteHead } from '../../../shared/log/chain-state.ts';
import { type SigningKey, signText, verifyText } from '../../../shared/signing/keys.ts';
import { newNonce } from '../../../shared/signing/nonce.ts';
import {
  greetingText,
  joinedText,
  joinText,
  parseJoinToken,
  secretProof,
} from '../../../shared/wire/join-proof.ts';
import type { MemberKey } from '../../../shared/wire/protocol.ts';
import type { Upstream } from './upstream.ts';

/** The options of an edge's first start. */
export interface JoinOptions {
  readonly origin: string;
  readonly token: string;
  readonly name: string;
  readonly region: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly labels?: readonly string[];
}

/** What an edge has learned by joining. */
export interface Joined {
  readonly chain: ChainState;
  /** The members of the log when the edge joined. */
  readonly members: readonly MemberKey[];
}

/**
 * Makes this edge a member of the log that the token belongs to. The token carries the fingerprint of the recovery key,
 * the recovery key certifies the signing key, and the signing key signs everything else. The edge sends nothing that
 * depends on the token's secret before the origin has proved its identity. Repeating a join with the same token, name
 * and key gives the same result, no matter at which point the first attempt failed.
 */
export async function join(
  upstream: Pick<Upstream, 'joinHello' | 'join'>,
  { token, name, region, lat, lon, labels = [] }: JoinOptions,
  key: SigningKey,
  signal: AbortSignal,
): Promise<Joined> {
  const trusted = parseJoinToken(token);
  if (trusted === undefined) throw new SkerryError('bad-join-token', 'the text is not a join token');
  const edgeNonce = newNonce();
  const hello = await upstream.joinHello(edgeNonce, signal);
  const { log, epoch, nonce } = hello;
  const first = firstChainState(log, epoch, hello.key, trusted.fingerprint);
  if (!verifyText(first.key, greetingText(log, epoch, edgeNonce, nonce), hello.sig))
    throw new SkerryError('bad-signature', 'the origin is not the one that the join token names');

  const { publicKey } = key;
  const asked = {
    ...{ token: trusted.id, name, region, lat, lon, labels: [...labels] },
    ...{ publicKey, edgeNonce, nonce },
  };
  const text = joinText(log, asked);
  const proven = { ...asked, proof: secretProof(trusted.secret, text), sig: signText(key, text) };
  const answer = await upstream.join(proven, signal);
  const { seq, members, head, sig } = answer;
  if (!verifyText(first.key, joinedText(log, text, seq, members), sig))
    throw new SkerryError('bad-signature', 'the origin did not sign the member record of this edge');
  return { chain: noteHead(first, head), members };
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { Nonces } from '../../shared/feed/nonces.ts';
import type { Head } from '../../shared/log/head.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { type PublicKey, type SigningKey, signText, verifyText } from '../../shared/signing/keys.ts';
import { greetingText, joinedText, joinText, provesSecret } from '../../shared/wire/join-proof.ts';
import { checkRegion } from '../../shared/wire/region.ts';
import type { NoteAct } from '../callers/acts.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import { JOIN } from '../catalog/token-state.ts';
import type { Admission } from './fleet.ts';

export interface JoiningParts {
  readonly catalog: Pick<Remote<TokenCalls>, 'token'>;
  readonly fleet: Admission;
  readonly noteAct: NoteAct;
  readonly clock: Clock;
  readonly identity: { readonly log: string; readonly epoch: number; readonly key: Payload<'key'> };
  /** The key that `identity` names. */
  readonly signingKey: SigningKey;
  readonly head: () => Promise<Head>;
}

/** The secret that is compared for an unknown token, so that its refusal takes as long as that of a wrong secret. */
const NO_SECRET = randomBytes(32);

/**
 * Admits edges. An eavesdropper cannot use anything that an edge sends. Nothing changes before the edge has proved the
 * secret of the token, so an outsider can neither use up a token nor learn whether it exists.
 */
export function joining(parts: JoiningParts): Pick<FeedSource, 'greet' | 'join'> {
  const { catalog, fleet, noteAct, clock, identity, signingKey, head } = parts;
  const { log, epoch, key } = identity;
  const nonces = new Nonces(clock);
  return {
    async greet(edgeNonce) {
      const nonce = nonces.current();
      return {
        log,
        epoch,
        key,
        nonce,
        sig: signText(signingKey, greetingText(log, epoch, edgeNonce, nonce)),
      };
    },

    async join({ proof, sig, ...request }) {
      if (!nonces.isGood(request.nonce))
        throw new SkerryError(
          'stale-nonce',
          'the request to join does not name a nonce that the origin recently gave out',
        );
      checkRegion(request.region);
      const text = joinText(log, request);
      const token = await catalog.token(request.token);
      const secretHash = token?.scope === JOIN ? token.secretHash : undefined;
      if (!provesSecret(secretHash ?? NO_SECRET, text, proof) || secretHash === undefined)
        throw new SkerryError('bad-join-token', 'the origin does not know the join token');
      if (!verifyText(request.publicKey as PublicKey, text, sig))
        throw new SkerryError(
          'bad-join-token',
          'the request to join is not signed with the key that it contains',
        );
      const { seq, isNew } = await fleet.join(request, { id: request.token, secretHash });
      // A join can be repeated with a used token, and repeated joins must not fill the audit trail.
      if (isNew)
        noteAct('edge-join', { edge: request.name, region: request.region, joinToken: request.token, seq });
      const members = fleet.memberKeys();
      const joined = joinedText(log, text, seq, members);
      return { seq, members, head: await head(), sig: signText(signingKey, joined) };
    },
  };
}

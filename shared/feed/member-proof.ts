import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError } from '../errors.ts';
import type { FeedServer } from '../http/server.ts';
import { claimedProof, isProvenBy, receiverText } from '../wire/request-proof.ts';
import type { FeedSource } from './feed-source.ts';
import { Nonces } from './nonces.ts';

/** In answers, when the nonce of the request is no longer the newest. */
export const NONCE_HEADER = 'skerry-nonce';

declare module 'fastify' {
  interface FastifyRequest {
    /** The member who proved that the request is its own; null on routes that ask for no proof. */
    member: string | null;
    /** What its body must hash to. */
    provenBody: Buffer | null;
  }
}

/** What a route of members has: nothing of a body is read before its head is known to be one of a member. */
export interface MembersOnly {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly preParsing: (request: FastifyRequest, reply: FastifyReply, body: Readable) => Promise<Readable>;
}

/** The one door of the feed: routes that have these hooks are for members, and `memberOf` says who asks. */
export function memberProof(
  app: FeedServer,
  source: Pick<FeedSource, 'log' | 'clock' | 'members' | 'path'>,
): { readonly nonces: Nonces; readonly membersOnly: MembersOnly } {
  const nonces = new Nonces(source.clock);
  app.decorateRequest('member', null);
  app.decorateRequest('provenBody', null);
  return {
    nonces,
    membersOnly: {
      async onRequest(request, reply) {
        const { method, url: target, headers } = request.raw;
        const claim = claimedProof({ method: method ?? '', target: target ?? '', headers });
        if (claim === undefined) throw refused('a request carries no proof that it is one of a member');
        // The cheap checks come first: strangers are to cost little.
        const newest = nonces.current();
        if (!nonces.isGood(claim.nonce))
          throw new SkerryError('stale-nonce', 'the proof names no nonce that was given out here lately');
        if (claim.to !== receiverText(source.log, source.path()[0] ?? null))
          throw refused('the proof is meant for another receiver');
        const key = source.members.keyOf(claim.name);
        if (key === undefined) throw refused('the proof is not one of a member of this log');
        if (!isProvenBy(claim, key)) throw refused('the proof is not one of a member of this log');
        request.member = claim.name;
        source.members.proven(claim.name);
        request.provenBody = claim.bodyDigest ?? null;
        if (claim.nonce !== newest) reply.header(NONCE_HEADER, newest);
      },

      async preParsing({ provenBody }, _reply, body) {
        return provenBody === null ? body : body.pipe(hashedTo(provenBody, body));
      },
    },
  };
}

/** Who asks, on a route with `membersOnly`. */
export function memberOf({ member }: FastifyRequest): string {
  if (member === null) throw new TypeError('the route is not one of members only');
  return member;
}

function refused(message: string): SkerryError {
  return new SkerryError('unauthenticated', message);
}

/** Passes a body on, and fails at its end when it is another than the one that was proven. */
function hashedTo(digest: Buffer, body: Readable): Transform {
  const hash = createHash('sha256');
  const checked = new Transform({
    transform(piece: Buffer, _encoding, passOn) {
      hash.update(piece);
      passOn(null, piece);
    },
    flush(end) {
      end(hash.digest().equals(digest) ? null : refused('the body is another than the one that was proven'));
    },
  });
  body.once('error', (error) => checked.destroy(error));
  return checked;
}

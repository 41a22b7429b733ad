import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError } from '../errors.ts';
import type { HttpServer } from '../http/server.ts';
import { mayStayUnread } from '../http/unread-body.ts';
import type { PublicKey } from '../signing/keys.ts';
import { type ClaimedProof, claimedProof, isProvenBy, receiverText } from '../wire/request-proof.ts';
import type { FeedMembers, FeedSource } from './feed-source.ts';
import { Nonces } from './nonces.ts';

/** The response header that carries the newest nonce if the request used an older one. */
export const NONCE_HEADER = 'skerry-nonce';

declare module 'fastify' {
  interface FastifyRequest {
    /** The member that has proved that it sent the request. Null on routes that ask for no proof. */
    member: string | null;
    /** The digest that the request's body must have, or null if the request announced no body. */
    provenBody: Buffer | null;
  }
}

/**
 * The hooks of a route for members. They read no body before the head of the request has proved that a member sent it.
 */
export interface MembersOnly {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly preParsing: (request: FastifyRequest, reply: FastifyReply, body: Readable) => Promise<Readable>;
}

/**
 * The access control of the feed: only members may use routes with these hooks, and `memberOf` returns the member that
 * sent the request.
 */
export function memberProof(
  app: HttpServer,
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
        // The cheap checks come first, so that requests of unknown clients cost little.
        const newest = nonces.current();
        if (!nonces.isGood(claim.nonce))
          throw new SkerryError(
            'stale-nonce',
            'the proof does not name a nonce that this feed recently gave out',
          );
        if (claim.to !== receiverText(source.log, source.path()[0] ?? null))
          throw refused('the proof is meant for another receiver');
        const key = await source.members.keyOf(claim.name);
        if (key === undefined || !isProvenBy(claim, key)) throw refusal(claim, source.members);
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

/** The member that sent the request, on a route with `membersOnly`. */
export function memberOf({ member }: FastifyRequest): string {
  if (member === null) throw new TypeError('the route is not one of members only');
  return member;
}

function refused(message: string): SkerryError {
  return new SkerryError('unauthenticated', message);
}

/** Only the host itself is told that it was replaced or revoked. */
function refusal(
  claim: ClaimedProof,
  members: Pick<FeedMembers, 'formerKeyOf' | 'revocationOf'>,
): SkerryError {
  const revocation = members.revocationOf(claim.name);
  if (revocation !== undefined && isProvenBy(claim, revocation.publicKey as PublicKey))
    return new SkerryError('edge-revoked', `the origin has revoked the edge ${claim.name}`, {
      details: { revocation },
    });
  const former = members.formerKeyOf(claim.name);
  if (former !== undefined && isProvenBy(claim, former))
    return new SkerryError('edge-replaced', `another host has replaced this one as ${claim.name}`);
  return refused('the proof is not one of a member of this log');
}

/** Passes a body on. At the end of the body, fails if its digest is not the one that the proof covers. */
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
  return mayStayUnread(checked);
}

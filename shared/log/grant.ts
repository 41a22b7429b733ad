import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';
import { STATEMENT_KIND_PATTERN } from './statement-kind.ts';

/**
 * The origin's answer to one report: that it has accepted the report, and what the edge may count on. It names the
 * report by its digest, so that a parent can neither forge a grant nor replay an old one.
 */
export const leaseGrantSchema = Type.Object({
  edge: Type.String({ maxLength: 63 }),
  report: Type.String({ pattern: DIGEST_PATTERN, description: 'SHA-256 of the text of the report.' }),
  newest: Type.Integer({
    description:
      'The time of the newest report of the edge. The origin does not accept reports that are not newer.',
  }),
  time: Type.Integer({
    description: "The time of the origin's clock when it answered, in milliseconds since 1970.",
  }),
  lease: Type.Integer({
    minimum: 0,
    description:
      'The milliseconds, from the sending of the report, for which the origin counts on the edge. 0 means that the report was not accepted.',
  }),
  serves: Type.Integer({
    minimum: 0,
    description:
      'The milliseconds for which the edge may serve sites that refuse to be served without a lease; 0 means not at all.',
  }),
  diverged: Type.Boolean({
    description:
      'True when the edge has records that the origin does not have, so that it may show other content than the live revision.',
  }),
  takes: Type.Array(Type.String({ pattern: STATEMENT_KIND_PATTERN }), {
    maxItems: 100,
    description: 'The kinds of statements that this origin keeps. One of another kind is not acknowledged.',
  }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

export type LeaseGrant = Static<typeof leaseGrantSchema>;

export function signLeaseGrant(log: string, grant: Omit<LeaseGrant, 'sig'>, key: SigningKey): LeaseGrant {
  return { ...grant, sig: signText(key, canonicalGrant(log, grant)) };
}

export function verifyLeaseGrant(log: string, grant: LeaseGrant, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalGrant(log, grant), grant.sig);
}

function canonicalGrant(log: string, g: Omit<LeaseGrant, 'sig'>): string {
  const { edge, report, newest, time, lease, serves, diverged, takes } = g;
  return JSON.stringify(['skerry-grant-1', log, edge, report, newest, time, lease, serves, diverged, takes]);
}

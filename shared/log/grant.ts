import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';
import { STATEMENT_KIND_PATTERN } from './statement-kind.ts';

/**
 * What the origin answers to one report: that it has taken it in, and what the edge may count on. It names the
 * report by its digest, so that a parent can neither make one up nor bring an old one again.
 */
export const grantSchema = Type.Object({
  edge: Type.String({ maxLength: 63 }),
  report: Type.String({ pattern: DIGEST_PATTERN, description: 'SHA-256 of the text of the report.' }),
  newest: Type.Integer({
    description: 'The time of the newest report of the edge: what is not newer is not taken in.',
  }),
  time: Type.Integer({
    description: "The origin's clock between the report's coming and this answer, in milliseconds.",
  }),
  lease: Type.Integer({
    minimum: 0,
    description:
      'Milliseconds from the sending of the report for which the origin counts on the edge; 0: not taken in.',
  }),
  serves: Type.Integer({
    minimum: 0,
    description: 'For which it may serve sites that refuse to be served without a lease; 0: not at all.',
  }),
  diverged: Type.Boolean({
    description: "The edge has records that are not the origin's: what it shows is not what is live.",
  }),
  takes: Type.Array(Type.String({ pattern: STATEMENT_KIND_PATTERN }), {
    maxItems: 100,
    description: 'The kinds of statements that this origin keeps. One of another kind is not acknowledged.',
  }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

export type Grant = Static<typeof grantSchema>;

export function signGrant(log: string, grant: Omit<Grant, 'sig'>, key: SigningKey): Grant {
  return { ...grant, sig: signText(key, canonicalGrant(log, grant)) };
}

export function verifyGrant(log: string, grant: Grant, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalGrant(log, grant), grant.sig);
}

function canonicalGrant(log: string, g: Omit<Grant, 'sig'>): string {
  const { edge, report, newest, time, lease, serves, diverged, takes } = g;
  return JSON.stringify(['skerry-grant-1', log, edge, report, newest, time, lease, serves, diverged, takes]);
}

import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';
import { STATEMENT_KIND_PATTERN } from './statement-kind.ts';

/**
 * The origin's answer to one report: that it has accepted the report, and what the edge may count on. It names the
 * report by its digest, so that a parent can neither forge a grant nor replay an old one. Later, the origin will send
 * the list of an edge's tasks as a text with a signature of its own, beside the grant.
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

/** The log, and the epoch of it in which the origin writes. Both sides know them, so a grant does not carry them. */
interface LogEpoch {
  readonly log: string;
  readonly epoch: number;
}

export type LeaseGrant = Static<typeof leaseGrantSchema>;

export function signLeaseGrant(of: LogEpoch, grant: Omit<LeaseGrant, 'sig'>, key: SigningKey): LeaseGrant {
  return { ...grant, sig: signText(key, canonicalGrant(of, grant)) };
}

export function verifyLeaseGrant(of: LogEpoch, grant: LeaseGrant, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalGrant(of, grant), grant.sig);
}

function canonicalGrant({ log, epoch }: LogEpoch, g: Omit<LeaseGrant, 'sig'>): string {
  const { edge, report, newest, time, lease, serves, diverged, takes } = g;
  return JSON.stringify([
    ...['skerry-grant-1', log, epoch, edge, report],
    ...[newest, time, lease, serves, diverged, takes],
  ]);
}

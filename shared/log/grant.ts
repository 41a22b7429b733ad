import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN, digestOf } from '../content/digest.ts';
import { schema } from '../json/schema.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';
import { MAX_ASSIGNMENTS_BYTES } from '../work/assignment.ts';
import { STATEMENT_KIND_PATTERN } from './statement-kind.ts';

/** The maximum bytes of a grant's text. A hundred kinds with names of the maximum length take half of it. */
export const MAX_GRANT_BYTES = 8 * 1024;

/**
 * The origin's response to one report. It says whether the origin has accepted the report, and what the edge may rely
 * on.
 */
const leaseGrantSchema = Type.Object({
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
  heartbeat: Type.Integer({
    minimum: 500,
    maximum: 60_000,
    description: 'The milliseconds after which an edge that has nothing to tell reports again.',
  }),
  diverged: Type.Boolean({
    description:
      'True when the edge has records that the origin does not have, so that it may show other content than the live revision.',
  }),
  assignments: Type.Union([Type.String({ pattern: DIGEST_PATTERN }), Type.Null()], {
    description: 'The digest of the list of all assignments of the edge; null for none.',
  }),
  takes: Type.Array(Type.String({ pattern: STATEMENT_KIND_PATTERN }), {
    maxItems: 100,
    description: 'The kinds of statements that this origin keeps. One of another kind is not acknowledged.',
  }),
});
export type LeaseGrant = Static<typeof leaseGrantSchema>;
const leaseGrants = schema(leaseGrantSchema);

/**
 * A grant as it is sent. Parents pass it on unchanged, so that a later origin can add fields. A grant contains the
 * digest of the report, so a parent can neither forge a grant nor replay an old one.
 */
export const signedGrantSchema = Type.Object({
  edge: Type.String({ maxLength: 63 }),
  report: Type.String({ pattern: DIGEST_PATTERN, description: 'SHA-256 of the text of the report.' }),
  text: Type.String({ maxLength: MAX_GRANT_BYTES, description: 'The JSON text of the grant.' }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
  list: Type.Optional(
    Type.String({
      maxLength: MAX_ASSIGNMENTS_BYTES,
      description:
        'The list of assignments that the grant names, if the report named another one and the answer had room.',
    }),
  ),
});
export type SignedGrant = Static<typeof signedGrantSchema>;

/** A log, and the epoch in which the origin writes to it. Both sides know them, so a grant does not contain them. */
interface LogEpoch {
  readonly log: string;
  readonly epoch: number;
}

/** The report that a grant answers, and the edge that signed the report. */
type Answered = Pick<SignedGrant, 'edge' | 'report'>;

export function signGrant(
  of: LogEpoch,
  { edge, report }: Answered,
  grant: LeaseGrant,
  key: SigningKey,
): SignedGrant {
  const text = JSON.stringify(grant);
  return { edge, report, text, sig: signText(key, canonicalGrant(of, { edge, report }, text)) };
}

/** The grant, or undefined if the origin did not sign it. Throws `upstream-protocol` if its text has another form. */
export function verifiedGrant(of: LogEpoch, signed: SignedGrant, key: PublicKey): LeaseGrant | undefined {
  if (!verifyText(key, canonicalGrant(of, signed, signed.text), signed.sig)) return undefined;
  return leaseGrants.parseText(signed.text, 'upstream-protocol');
}

function canonicalGrant({ log, epoch }: LogEpoch, { edge, report }: Answered, text: string): string {
  return JSON.stringify(['skerry-grant-1', log, epoch, edge, report, digestOf(text)]);
}

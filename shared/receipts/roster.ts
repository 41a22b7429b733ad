import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import {
  PUBLIC_KEY_PATTERN,
  type PublicKey,
  SIGNATURE_PATTERN,
  type SigningKey,
  signText,
  verifyText,
} from '../signing/keys.ts';

/** `replaced`: a former host of a member, whose place a new host has taken. Its receipts remain true. */
const stateSchema = Type.Union([Type.Literal('member'), Type.Literal('replaced'), Type.Literal('revoked')]);

/** A key that an edge has signed with. A name has one row for each of its hosts that matters here. */
const rosterMemberSchema = Type.Tuple([
  Type.String({ description: 'name' }),
  Type.String({ description: 'region' }),
  Type.String({ pattern: PUBLIC_KEY_PATTERN }),
  stateSchema,
  Type.Boolean({ description: 'whether the origin had the receipt of this host' }),
]);
export type RosterMember = Static<typeof rosterMemberSchema>;

export const rosterSchema = Type.Object(
  {
    log: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    epoch: Type.Integer({ minimum: 1 }),
    seq: Type.Integer({ minimum: 1, description: 'The newest record of the log when the roster was made.' }),
    hash: Type.String({ pattern: DIGEST_PATTERN, description: 'The hash of that record.' }),
    time: Type.Integer({ minimum: 0, description: "The time of the origin's clock." }),
    site: Type.String({ description: 'The name of the site.' }),
    about: Type.String({
      pattern: DIGEST_PATTERN,
      description: 'The hash of the record that receipts answer.',
    }),
    keys: Type.Array(
      Type.Tuple([Type.String({ pattern: PUBLIC_KEY_PATTERN }), Type.Integer({ minimum: 1 })]),
      {
        minItems: 1,
        maxItems: 1000,
        description: 'The signing keys, each with its first record, ascending.',
      },
    ),
    members: Type.Array(rosterMemberSchema, { maxItems: 20_000, description: 'By name, then by key.' }),
    sig: Type.String({ pattern: SIGNATURE_PATTERN }),
  },
  { additionalProperties: false },
);

/**
 * The origin's signed list of the edges that may answer one record: their keys, and whose receipts it has. With it, a
 * reader who has no log can tell who signed a receipt, and who is missing.
 */
export type Roster = Static<typeof rosterSchema>;

export function signRoster(roster: Omit<Roster, 'sig'>, key: SigningKey): Roster {
  return { ...roster, sig: signText(key, canonicalRoster(roster)) };
}

export function verifyRoster(roster: Roster, key: PublicKey): boolean {
  return verifyText(key, canonicalRoster(roster), roster.sig);
}

function canonicalRoster(roster: Omit<Roster, 'sig'>): string {
  const { log, epoch, seq, hash, time, site, about, keys, members } = roster;
  return JSON.stringify(['skerry-roster-1', log, epoch, seq, hash, time, site, about, keys, members]);
}

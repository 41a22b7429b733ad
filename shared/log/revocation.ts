import { type Static, Type } from 'typebox';
import { schema } from '../json/schema.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/**
 * The origin's statement that it has revoked an edge, for the host with this key. The host can no longer follow the log
 * to the record of its revocation, so the refusal of its requests contains this statement.
 */
const revocationSchema = Type.Object({
  log: Type.String(),
  edge: Type.String({ maxLength: 63 }),
  publicKey: Type.String(),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

export type Revocation = Static<typeof revocationSchema>;

export const revocation = schema(revocationSchema);

export function signRevocation(of: Omit<Revocation, 'sig'>, key: SigningKey): Revocation {
  return { ...of, sig: signText(key, canonicalRevocation(of)) };
}

export function verifyRevocation(of: Revocation, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalRevocation(of), of.sig);
}

function canonicalRevocation({ log, edge, publicKey }: Omit<Revocation, 'sig'>): string {
  return JSON.stringify(['skerry-revocation-1', log, edge, publicKey]);
}

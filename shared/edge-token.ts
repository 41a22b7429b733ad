import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { SkerryError } from './errors.ts';
import { type PublicKey, publicKeyObject, type SigningKey } from './keys.ts';

/** Seconds that one token is good for. */
const LIFETIME = 120;

/** The short-lived token with which a member edge calls a feed (JWT, EdDSA): `sub` its name, `aud` the log. */
export function signEdgeToken(
  edge: { name: string; key: SigningKey },
  log: string,
  nowMs: number,
): Promise<string> {
  const now = Math.floor(nowMs / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject(edge.name)
    .setAudience(log)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME)
    .sign(edge.key.privateKey);
}

/** The member whose key signed the token; throws `unauthenticated`. `keyOf` gives no key for a non-member. */
export async function verifyEdgeToken(
  token: string,
  log: string,
  nowMs: number,
  keyOf: (name: string) => PublicKey | undefined,
): Promise<string> {
  try {
    const { sub } = decodeJwt(token);
    const publicKey = sub === undefined ? undefined : keyOf(sub);
    if (sub === undefined || publicKey === undefined) throw new Error('not a member');
    await jwtVerify(token, publicKeyObject(publicKey), {
      audience: log,
      algorithms: ['EdDSA'],
      requiredClaims: ['exp'],
      maxTokenAge: LIFETIME,
      currentDate: new Date(nowMs),
      clockTolerance: 60,
    });
    return sub;
  } catch (cause) {
    throw new SkerryError('unauthenticated', 'the edge token is not one of a member of this log', { cause });
  }
}

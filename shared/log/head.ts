import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/**
 * The end of the log as the origin signed it at `time`. Parents relay it unchanged. An edge refuses a lower head within
 * an epoch, so that no relay can freeze or rewind the log unnoticed.
 */
export const headSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer({ minimum: 1 }),
  seq: Type.Integer({ minimum: 0 }),
  hash: Type.String({ pattern: DIGEST_PATTERN }),
  time: Type.Integer(),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

export type Head = Static<typeof headSchema>;

export function signHead(head: Omit<Head, 'sig'>, key: SigningKey): Head {
  return { ...head, sig: signText(key, canonicalHead(head)) };
}

export function verifyHead(head: Head, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalHead(head), head.sig);
}

function canonicalHead(h: Omit<Head, 'sig'>): string {
  return JSON.stringify(['skerry-head-1', h.log, h.epoch, h.seq, h.hash, h.time]);
}

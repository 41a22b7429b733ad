import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { digestOf } from '../content/digest.ts';
import type { KeyFingerprint } from '../signing/keys.ts';
import type { JoinRequest, MemberKey } from './protocol.ts';

const joinToken = /^skj_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})\.([0-9a-f]{32})$/;

export interface JoinToken {
  readonly id: string;
  readonly secret: string;
  /** The fingerprint of the recovery key to trust. */
  readonly fingerprint: KeyFingerprint;
}

/** Parses `skj_ID.SECRET.FINGERPRINT`. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, id, secret, fingerprint] = joinToken.exec(text) ?? [];
  if (id === undefined || secret === undefined || fingerprint === undefined) return undefined;
  return { id, secret, fingerprint: fingerprint as KeyFingerprint };
}

export function joinTokenText({ id, secret, fingerprint }: JoinToken): string {
  return `skj_${id}.${secret}.${fingerprint}`;
}

/** The text that the origin signs for a new edge, before the edge sends anything that depends on the token's secret. */
export function greetingText(log: string, epoch: number, edgeNonce: string, nonce: string): string {
  return JSON.stringify(['skerry-join-hello-1', log, epoch, edgeNonce, nonce]);
}

/**
 * The text of an edge's request to join. The edge signs this text with its key. A proof over the same text shows that
 * the edge knows the token's secret.
 */
export function joinText(log: string, request: Omit<JoinRequest, 'proof' | 'sig'>): string {
  const { token, name, region, lat, lon, labels = [], publicKey, edgeNonce, nonce } = request;
  return JSON.stringify([
    ...['skerry-join-1', log, token, name, region, lat, lon, labels],
    ...[publicKey, edgeNonce, nonce],
  ]);
}

/** The text that the origin signs once the edge is a member. */
export function joinedText(log: string, text: string, seq: number, members: readonly MemberKey[]): string {
  const keys = JSON.stringify(members.map(({ name, publicKey }) => [name, publicKey]));
  return JSON.stringify(['skerry-joined-1', log, digestOf(text), seq, digestOf(keys)]);
}

/**
 * The hash that the origin stores in place of a token's secret. The secret has 24 random bytes, so it needs no slow
 * hash.
 */
export function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/**
 * Proves a secret as SCRAM does (RFC 5802, section 3). An eavesdropper learns nothing about the secret, and the stored
 * hash alone is not enough to make a proof. The secret has 32 characters, as many as the hash has bytes.
 */
export function secretProof(secret: string, text: string): string {
  return masked(Buffer.from(secret), secretHash(secret), text).toString('base64url');
}

/** Returns false for anything malformed, and never throws. */
export function provesSecret(kept: Uint8Array, text: string, proof: string): boolean {
  const bytes = Buffer.from(proof, 'base64url');
  if (bytes.length !== 32) return false;
  return timingSafeEqual(hash('sha256', masked(bytes, kept, text), 'buffer'), kept);
}

function masked(bytes: Buffer, kept: Uint8Array, text: string): Buffer {
  const mask = createHmac('sha256', kept).update(text).digest();
  return Buffer.from(bytes.map((byte, i) => byte ^ (mask[i] ?? 0)));
}

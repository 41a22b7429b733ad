import type { KeyFingerprint } from '../signing/keys.ts';

const apiToken = /^sk_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})(?:\.([0-9a-f]{32}))?$/;

export interface ApiToken {
  readonly id: string;
  readonly secret: string;
  /**
   * The fingerprint of the recovery key. Clients use it to check the certificate of the origin; the origin does not
   * need it. Undefined for a token without a fingerprint.
   */
  readonly fingerprint: KeyFingerprint | undefined;
}

/**
 * Parses `sk_ID.SECRET.FINGERPRINT`, or the same without the fingerprint. Undefined for a text that is not an API
 * token.
 */
export function parseApiToken(text: string): ApiToken | undefined {
  const [, id, secret, fingerprint] = apiToken.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return { id, secret, fingerprint: fingerprint as KeyFingerprint | undefined };
}

export function apiTokenText({ id, secret, fingerprint }: Required<ApiToken>): string {
  return `sk_${id}.${secret}.${fingerprint}`;
}

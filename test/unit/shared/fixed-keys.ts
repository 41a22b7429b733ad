import { type SigningKey, signingKeyFromPem } from '../../../shared/signing/keys.ts';

/** The keys, the log and the time of the examples in docs/protocol.md. */
export const LOG = '0123456789abcdef0123456789abcdef';
export const TIME = 1_767_225_600_000;

/** PKCS #8 of the Ed25519 key whose 32-byte seed is one byte repeated. */
export function fixedPem(byte: number): string {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([prefix, Buffer.alloc(32, byte)]).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

const fixedKey = (byte: number): SigningKey => signingKeyFromPem(fixedPem(byte));

export const recoveryKey = fixedKey(1);
export const originKey = fixedKey(2);
export const edgeKey = fixedKey(3);

/** The root of the three-entry example. */
export const ROOT = '35c2282299c432e8baf18d254490818eb0121d280a70c86acedb205b2f7a68d5';

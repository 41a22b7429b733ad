import { createHmac, randomBytes } from 'node:crypto';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';

/** The secret of the API token with this id. */
export type TokenSecret = (id: string) => string;

const KEY = /^[0-9a-f]{64}\n$/;
/** 32 characters of base64url, the length that the form of a token has room for. */
const SECRET_BYTES = 24;

/**
 * Derives the secrets of API tokens from their ids and a key in a file, which the first start creates. So the origin
 * can verify signatures that were made with a secret, although the catalog keeps only hashes of secrets.
 */
export async function tokenSecrets(file: string): Promise<TokenSecret> {
  const key = (await readIfThere(file)) ?? (await newKey(file));
  if (!KEY.test(key)) throw new SkerryError('data-folder-damaged', `${file} holds no key`);
  return tokenSecretsOf(Buffer.from(key.trim(), 'hex'));
}

export function tokenSecretsOf(key: Uint8Array): TokenSecret {
  return (id) =>
    createHmac('sha256', key)
      .update(`skerry api token ${id}`)
      .digest()
      .subarray(0, SECRET_BYTES)
      .toString('base64url');
}

async function newKey(file: string): Promise<string> {
  const key = `${randomBytes(32).toString('hex')}\n`;
  await writeDurably(file, key);
  return key;
}

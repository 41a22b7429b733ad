import { readFile } from 'node:fs/promises';
import { SkerryError, systemCode } from '../errors.ts';
import { writeDurably } from '../files/durable-file.ts';
import { generateSigningKey, type SigningKey, signingKeyFromPem, signingKeyToPem } from './keys.ts';

/**
 * Reads the private key of an origin or edge, and creates a key if there is none. Throws if the key is missing but
 * already in use: a new key could not replace it, because the log was signed with the old key, or the edge was admitted
 * with it.
 */
export async function keyInFile(file: string, isInUse: boolean): Promise<SigningKey> {
  const pem = await readIfThere(file);
  if (pem !== undefined) return keyFrom(pem, file);
  if (isInUse) throw new SkerryError('data-folder-damaged', `${file} is missing`);
  const key = generateSigningKey();
  await writeDurably(file, signingKeyToPem(key));
  return key;
}

function keyFrom(pem: string, file: string): SigningKey {
  try {
    return signingKeyFromPem(pem);
  } catch (cause) {
    throw new SkerryError('data-folder-damaged', `${file} holds no Ed25519 private key`, { cause });
  }
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

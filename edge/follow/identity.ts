import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { writeDurably } from '../../shared/durable-file.ts';
import { systemCode } from '../../shared/errors.ts';
import {
  generateSigningKey,
  type SigningKey,
  signingKeyFromPem,
  signingKeyToPem,
} from '../../shared/keys.ts';
import { schema } from '../../shared/schema.ts';

/** Who this edge is. Its private key never leaves the data folder. */
export interface Identity {
  readonly name: string;
  readonly region: string;
  readonly origin: string;
}

const identity = schema(Type.Object({ name: Type.String(), region: Type.String(), origin: Type.String() }));

/** The identity of an edge that has joined; undefined before. */
export async function readIdentity(file: string): Promise<Identity | undefined> {
  const text = await readIfThere(file);
  return text === undefined ? undefined : identity.parseText(text, 'data-folder-foreign');
}

export function writeIdentity(file: string, joined: Identity): Promise<void> {
  return writeDurably(file, `${JSON.stringify(joined)}\n`);
}

/** Kept from before the first try to join, so that a repeated try is recognised. */
export async function edgeKey(file: string): Promise<SigningKey> {
  const pem = await readIfThere(file);
  if (pem !== undefined) return signingKeyFromPem(pem);
  const key = generateSigningKey();
  await writeDurably(file, signingKeyToPem(key));
  return key;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

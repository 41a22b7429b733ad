import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { schema } from '../../shared/json/schema.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';
import type { PublicKey, Signature, SigningKey } from '../../shared/signing/keys.ts';
import { type AuthorityStatement, certifyAuthority } from '../../shared/tls/authority.ts';
import type { KeyPair } from '../../shared/tls/issue.ts';

/**
 * The file in the data folder with the private key of the certificate authority (CA), and with the statement that
 * certifies this key.
 */
export const AUTHORITY_FILE = 'authority.json';
/** The file in the data folder with the CA certificate, for curl and other clients. */
export const CA_FILE = 'ca.pem';

export interface Authority {
  readonly pair: KeyPair;
  readonly statement: AuthorityStatement;
}

const stored = schema(
  Type.Object({
    key: Type.String(),
    log: Type.String(),
    recoveryKey: Type.String(),
    signature: Type.String(),
  }),
);

/** Creates the key of a CA and certifies it. This needs the recovery key, so only the first start can do it. */
export async function foundAuthority(file: string, log: string, recovery: SigningKey): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const statement = certifyAuthority(log, publicKey.export({ format: 'der', type: 'spki' }), recovery);
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeDurably(file, `${JSON.stringify({ key, ...statement })}\n`);
}

/** Undefined when the log was created by an older version, which created no CA. */
export async function readAuthority(file: string): Promise<Authority | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const { key, log, recoveryKey, signature } = stored.parseText(text, 'data-folder-damaged');
  const privateKey = privateKeyIn(key, file);
  return {
    pair: { privateKey, publicKey: createPublicKey(privateKey) },
    statement: { log, recoveryKey: recoveryKey as PublicKey, signature: signature as Signature },
  };
}

function privateKeyIn(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new SkerryError('data-folder-damaged', `${file} holds no private key`, { cause });
  }
}

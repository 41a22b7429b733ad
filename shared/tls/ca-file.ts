import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SkerryError } from '../errors.ts';

/** Reads the CA certificates from the file that `--ca` names. Throws `bad-config`. */
export function readAuthorities(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SkerryError('bad-config', `--ca ${file} is not a certificate as PEM: ${reason}`, { cause });
  }
}

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SkerryError } from '../errors.ts';

/** Reads the CA certificates from the file that `--ca` names. Throws `bad-config`. */
export function readAuthorities(file: string): string {
  return checked(() => readFileSync(file, 'utf8'), `--ca ${file}`);
}

/** CA certificates that are given as PEM, or as the path of a file. Throws `bad-config` in the name of the setting. */
export function authoritiesOf(pemOrFile: string, setting: string): string {
  if (pemOrFile.includes('-----BEGIN')) return checked(() => pemOrFile, setting);
  return checked(() => readFileSync(pemOrFile, 'utf8'), `${setting} ${pemOrFile}`);
}

function checked(read: () => string, setting: string): string {
  try {
    const pem = read();
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SkerryError('bad-config', `${setting} is not a certificate as PEM: ${reason}`, { cause });
  }
}

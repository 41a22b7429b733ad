import { readFile, writeFile } from 'node:fs/promises';
import { isIP, SocketAddress } from 'node:net';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import {
  generateSigningKey,
  type SigningKey,
  signingKeyFromPem,
  signingKeyToPem,
} from '../../shared/signing/keys.ts';
import { ACCESS_TOKEN, accessKey, signAccess } from '../../shared/site/signed-url.ts';
import { required } from '../options/options.ts';

export interface SignFlags {
  readonly key?: string;
  readonly newKey?: string;
  readonly expires: number;
  readonly prefix?: string;
  readonly client?: string;
}

/** Returns the URL with a signature, or the public key of a new key pair. */
export async function signUrl(url: string | undefined, flags: SignFlags): Promise<string> {
  if (flags.newKey !== undefined) return accessKey(await makeKey(flags.newKey));
  const key = await readKey(required(flags.key, '--key'));
  return signed(required(url, 'a URL'), flags, key);
}

function signed(text: string, { expires, prefix, client = '' }: SignFlags, key: SigningKey): string {
  const url = URL.parse(text);
  if (url === null) throw new SkerryError('bad-config', `${text} is not a URL`);
  // A signed path that ends in a slash would allow everything below it.
  const path = prefix ?? decodeURIComponent(url.pathname).replace(/\/$/, '/index.html');
  if (prefix !== undefined && !/^\/(.*\/)?$/.test(prefix))
    throw new SkerryError('bad-config', `${prefix} does not begin and end with a slash`);
  if (client !== '' && isIP(client) === 0)
    throw new SkerryError('bad-config', `${client} is not an IP address`);
  const token = signAccess(
    {
      path,
      expires: Math.ceil(Date.now() / 1000) + expires,
      client: client === '' ? null : canonicalAddress(client),
    },
    key,
  );
  url.searchParams.set(ACCESS_TOKEN, token);
  return url.href;
}

/** The IP address in the form in which a server sees it. */
function canonicalAddress(text: string): string {
  return new SocketAddress({ address: text, family: isIP(text) === 6 ? 'ipv6' : 'ipv4' }).address;
}

async function makeKey(file: string): Promise<SigningKey> {
  const key = generateSigningKey();
  try {
    await writeFile(file, signingKeyToPem(key), { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new SkerryError('bad-config', `cannot write the key ${file}: ${systemCode(cause)}`, { cause });
  }
  return key;
}

async function readKey(file: string): Promise<SigningKey> {
  try {
    return signingKeyFromPem(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new SkerryError(
      'bad-config',
      `${file} is not an Ed25519 private key in PEM: ${systemCode(cause) ?? ''}`,
      {
        cause,
      },
    );
  }
}

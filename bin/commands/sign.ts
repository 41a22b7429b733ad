import { readFile, writeFile } from 'node:fs/promises';
import { isIP, SocketAddress } from 'node:net';
import { Command } from 'commander';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import {
  generateSigningKey,
  type SigningKey,
  signingKeyFromPem,
  signingKeyToPem,
} from '../../shared/signing/keys.ts';
import { ACCESS_TOKEN, accessKey, signAccess } from '../../shared/site/signed-url.ts';
import { duration, option, required } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';

interface SignFlags {
  readonly key?: string;
  readonly newKey?: string;
  readonly expires: number;
  readonly prefix?: string;
  readonly client?: string;
}

const HOUR = 3600;

/** Works without an origin: whoever holds the key can sign. */
export function signCommand(): Command {
  return new Command('sign')
    .description('print a URL that lets its holder read private content')
    .argument('[url]', 'the URL of a published file')
    .addOption(option('--key <file>', 'the private key'))
    .addOption(
      option(
        '--new-key <file>',
        'write a new private key to this file, and print the public key for the site',
      ),
    )
    .addOption(
      option('--expires <time>', 'how long the URL is valid, such as 15m or 7d')
        .argParser(duration)
        .default(HOUR, '1h'),
    )
    .addOption(
      option('--prefix <path>', 'let the URL read everything below this path, which ends in a slash'),
    )
    .addOption(option('--client <address>', 'let only this IP address use the URL'))
    .action(async (url: string | undefined, flags: SignFlags) => {
      if (flags.newKey !== undefined) return printLine(accessKey(await makeKey(flags.newKey)));
      const key = await readKey(required(flags.key, '--key'));
      printLine(signed(required(url, 'a URL'), flags, key));
    });
}

function signed(text: string, { expires, prefix, client = '' }: SignFlags, key: SigningKey): string {
  const url = URL.parse(text);
  if (url === null) throw new SkerryError('bad-config', `${text} is not a URL`);
  // A path that ends in a slash would stand for all below it.
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

/** As a server sees it. */
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

import { networkInterfaces } from 'node:os';
import { SkerryError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/http/loopback.ts';

/** The values that a new edge needs on its host. */
export interface JoinCommand {
  readonly token: string;
  /** The URL of the origin, as this host reaches it. */
  readonly origin: string;
  readonly name: string;
  readonly region: string;
  readonly ca?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** The addresses of this machine, as `os.networkInterfaces` names them. */
export interface MachineAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

/**
 * Makes the command for a token. Throws `bad-config` before there is a token, if other hosts cannot reach the origin at
 * its URL.
 */
export function joinCommandFor(edge: Omit<JoinCommand, 'token'>): (token: string) => string {
  const machine = Object.values(networkInterfaces()).flatMap((found = []) => found);
  const command = (token: string) => joinCommand({ ...edge, token }, machine);
  command('');
  return command;
}

/** The command that joins an edge on another host. The token goes through a pipe, so that `ps` does not show it. */
export function joinCommand(
  { token, origin, name, region, ca, insecure = false }: JoinCommand,
  machine: readonly MachineAddress[],
): string {
  const url = originForOthers(origin, machine);
  const words = [
    ...['skerry', 'edge', '--join', '-', '--origin', url, '--name', name, '--region', region],
    ...['--data', '/var/lib/skerry', '--host', '0.0.0.0', '--port', '80'],
    ...(ca === undefined ? [] : ['--ca', ca]),
    ...(insecure ? ['--insecure'] : []),
  ];
  return `echo ${token} | ${words.map(quoted).join(' ')}`;
}

/** The URL by which other hosts reach the origin. Throws `bad-config` if they cannot reach it. */
function originForOthers(origin: string, machine: readonly MachineAddress[]): string {
  const url = new URL(origin);
  if (!isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return url.origin;
  const others = machine.filter(({ internal }) => !internal);
  const { address } = others.find(({ family }) => family === 'IPv4') ?? others[0] ?? {};
  // An origin that listens only on loopback speaks plain HTTP. One that speaks TLS listens on other addresses, too.
  if (url.protocol !== 'https:' || address === undefined)
    throw new SkerryError(
      'bad-config',
      `--command needs --origin with the address by which other hosts reach the origin, not ${url.origin}`,
    );
  url.hostname = address.includes(':') ? `[${address}]` : address;
  return url.origin;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { SkerryError, systemCode } from '../errors.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
}

/**
 * Resolves to the port if no program listens on it. The port stays free. An origin or edge checks this before it
 * touches its data folder and before its processes share the port, because two programs with SO_REUSEPORT can listen on
 * one port without noticing each other. Throws `port-in-use`.
 */
export async function freePort({ host, port }: ListenAddress): Promise<number> {
  const probe = createServer();
  try {
    probe.listen({ host, port, exclusive: true });
    await once(probe, 'listening');
    return (probe.address() as AddressInfo).port;
  } catch (cause) {
    throw explained(cause, { host, port });
  } finally {
    if (probe.listening) {
      probe.close();
      await once(probe, 'close');
    }
  }
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Resolves to the URL that the server listens on. Throws `port-in-use`. */
export async function listen(
  server: { listen(address: ListenAddress): Promise<string> },
  address: ListenAddress,
  scheme: 'http' | 'https' = 'http',
): Promise<string> {
  try {
    // Fastify does not know that the server speaks TLS.
    const url = (await server.listen(address)).replace(/^http:/, `${scheme}:`);
    // Fastify returns a loopback URL for a server that listens on all addresses, which looks as if only this machine
    // could reach it.
    return EVERY_ADDRESS.has(address.host) ? `${scheme}://${inUrl(address.host)}:${new URL(url).port}` : url;
  } catch (cause) {
    throw explained(cause, address);
  }
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function explained(cause: unknown, { host, port }: ListenAddress): unknown {
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return new SkerryError('port-in-use', `port ${port} of ${host} is in use`, { cause });
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'ENOTFOUND':
      return new SkerryError('bad-config', `cannot listen on port ${port} of ${host}`, { cause });
    default:
      return cause;
  }
}

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Server } from 'node:tls';
import type { CertifiedKey } from '../../shared/tls/server-certificates.ts';

/** A middleman: it ends TLS with its own certificate, and notes what clients then send. */
export interface TlsListener {
  readonly url: string;
  /** Everything that clients have sent inside TLS. */
  readonly heard: () => string;
  /** How many clients have connected. */
  readonly connections: () => number;
  close(): void;
}

export async function tlsListener(shown: CertifiedKey, host = '127.0.0.1'): Promise<TlsListener> {
  let heard = '';
  let connections = 0;
  const server = createServer({ ...shown }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      socket.end('HTTP/1.1 500 Fault\r\ncontent-length: 0\r\n\r\n');
    });
  });
  server.on('connection', () => connections++);
  const url = await listening(server, host);
  return {
    url,
    heard: () => heard,
    connections: () => connections,
    close: () => void server.close(),
  };
}

/** A middleman that ends TLS with its own certificate, and passes everything on to a TLS port of another host. */
export async function tlsRelay(
  shown: CertifiedKey,
  port: number,
  to: string,
): Promise<Pick<TlsListener, 'url' | 'close'>> {
  const server = createServer({ ...shown }, (client) => {
    const target = dial({ port, host: to, rejectUnauthorized: false });
    for (const socket of [client, target]) socket.on('error', () => {});
    client.pipe(target).pipe(client);
  });
  return { url: await listening(server, '127.0.0.1'), close: () => void server.close() };
}

async function listening(server: Server, host: string): Promise<string> {
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  return `https://${host}:${(server.address() as AddressInfo).port}`;
}

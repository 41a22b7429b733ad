import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
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
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${port}`,
    heard: () => heard,
    connections: () => connections,
    close: () => void server.close(),
  };
}

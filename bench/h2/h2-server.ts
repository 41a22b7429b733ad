import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';

/** Takes the place of `createServer` of `node:https`. */
export function createServer(options: SecureServerOptions): Http2SecureServer {
  const server = createSecureServer({ ...options, allowHTTP1: true });
  server.once('session', () => process.stderr.write('a session of HTTP/2 has begun\n'));
  return server;
}

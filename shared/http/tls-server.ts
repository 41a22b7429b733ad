import type { ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { SkerryError } from '../errors.ts';
import type { ServerCertificates } from '../tls/server-certificates.ts';
import { PROBLEM_TYPE, toProblem } from '../wire/problem.ts';
import { UnfinishedHandshakes } from './unfinished-handshakes.ts';

/** The maximum time to wait for the first byte of a connection, and then for its handshake. */
const HANDSHAKE_MS = 15_000;
/**
 * The connections that may be without a complete handshake at a time. They take at most 200 MB. When an origin returns,
 * 200 edges behind one address stay below the limit: Node accepts at most 511 waiting connections at a time, and a
 * processor core completes about a thousand handshakes a second.
 */
const UNFINISHED = { perClient: 1024, all: 2048 };
/** The first byte of a TLS connection: a record with a handshake message (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;

/**
 * A server for HTTP/1.1 over TLS. A client that speaks plain HTTP gets a response that says that this port speaks TLS.
 * Without this response, the client could not tell this server from a broken one.
 */
export function tlsServer(options: ServerOptions, certificates: ServerCertificates): Server {
  const { contextFor } = certificates;
  const server = createServer({
    ...options,
    ...certificates.shown,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    ...(contextFor && {
      SNICallback(host: string, callback: (error: Error | null, context?: SecureContext) => void) {
        contextFor(host).then((context) => callback(null, context), callback);
      },
    }),
  });
  certificates.onChange(() => server.setSecureContext(certificates.shown));
  const unfinished = new UnfinishedHandshakes(UNFINISHED);
  server.on('secureConnection', (socket: Socket) => unfinished.complete(socket));
  // Node's own listener begins the handshake.
  const [begin] = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    unfinished.begin(socket);
    const fail = () => socket.destroy();
    socket.setTimeout(HANDSHAKE_MS, fail);
    socket.on('error', fail);
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      socket.setTimeout(0);
      socket.off('timeout', fail);
      if (first === null) return fail();
      if (first[0] !== HANDSHAKE) return refusePlain(socket);
      socket.off('error', fail);
      socket.unshift(first);
      begin?.call(server, socket);
    });
  });
  return server;
}

function refusePlain(socket: Socket): void {
  const problem = JSON.stringify(toProblem(new SkerryError('tls-required', 'this port speaks TLS')));
  const head = [
    'HTTP/1.1 400 Bad Request',
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(problem)}`,
    'Connection: close',
  ];
  socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
  // The rest of the request is read, because unread bytes would reset the connection, and the client could lose the
  // response.
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${problem}`);
}

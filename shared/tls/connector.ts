import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { certificateError } from './tls-errors.ts';
import { isFault, judge, type Peer, type Shown, type Trust } from './trust.ts';

/** The maximum number of certificates that are read from a chain. */
const MOST_ISSUERS = 8;

export interface ConnectorOptions {
  readonly trust: Trust;
  /** The maximum time to open a connection, including the TLS handshake, in milliseconds. */
  readonly timeout: number;
  readonly now: () => number;
  /**
   * Called with the peer of each accepted TLS connection and its certificate, before the connection carries any request.
   */
  readonly accepted?: (peer: Peer, certificate: X509Certificate | undefined) => void;
}

/**
 * Opens connections for an undici Agent. The Agent gets a TLS connection only after the server's certificate was
 * accepted, so no other server receives any part of a request. Plain HTTP connections are not checked.
 */
export function trustingConnector({
  trust,
  timeout,
  now,
  accepted,
}: ConnectorOptions): buildConnector.connector {
  const dial = buildConnector({
    timeout,
    // Node checks the certificate, but `judge` decides whether to accept it.
    rejectUnauthorized: false,
    // For a resumed session, Node provides the server's certificate without the rest of the chain.
    maxCachedSessions: 0,
    ...(trust.ca !== undefined && { ca: trust.ca }),
  });
  return (options, callback) =>
    dial(options, (...dialled) => {
      const [error, socket] = dialled;
      if (error !== null || !('authorized' in socket)) return callback(...dialled);
      const time = now();
      const shown = shownBy(socket);
      const judged = judge(shown, trust, time);
      if (!isFault(judged)) {
        accepted?.(judged, shown.chain[0]);
        return callback(null, socket);
      }
      socket.destroy();
      callback(certificateError(`https://${options.host ?? options.hostname}`, judged, time), null);
    });
}

function shownBy(socket: TLSSocket): Shown {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < MOST_ISSUERS) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return { chain, refusal: socket.authorized ? undefined : refusalOf(socket) };
}

function refusalOf({ authorizationError }: TLSSocket): string {
  return String(authorizationError ?? 'no reason given');
}

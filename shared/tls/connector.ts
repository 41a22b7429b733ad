import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import { certificateError } from './tls-errors.ts';
import { isFault, judge, type Peer, type Shown, type Trust } from './trust.ts';

/** Chains of certificates are read up to this length. */
const MOST_ISSUERS = 8;

export interface ConnectorOptions {
  readonly trust: Trust;
  /** The longest wait for a connection, with its TLS handshake. */
  readonly timeout: number;
  readonly now: () => number;
  /** Called with the other end of each TLS connection, before it carries any request. */
  readonly accepted?: (peer: Peer) => void;
}

/**
 * Opens connections for an Agent of undici, which gets a connection only after its certificate was accepted. So not a
 * byte of a request reaches anybody else. A connection over plain HTTP is not checked.
 */
export function trustingConnector({
  trust,
  timeout,
  now,
  accepted,
}: ConnectorOptions): buildConnector.connector {
  const dial = buildConnector({
    timeout,
    // The check below replaces Node's own, whose result it uses.
    rejectUnauthorized: false,
    // Node does not keep the issuers of a resumed session.
    maxCachedSessions: 0,
    ...(trust.ca !== undefined && { ca: trust.ca }),
  });
  return (options, callback) =>
    dial(options, (...dialled) => {
      const [error, socket] = dialled;
      if (error !== null || !('authorized' in socket)) return callback(...dialled);
      const time = now();
      const judged = judge(shownBy(socket), trust, time);
      if (!isFault(judged)) {
        accepted?.(judged);
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

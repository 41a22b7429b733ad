import type { Readable } from 'node:stream';
import type { Scheme } from '../../../shared/http/forwarded.ts';
import type { Exchange } from '../connection/exchanges.ts';
import type { ReaderHeaders } from '../site/decide.ts';

/** A request, whichever version of HTTP brought it. */
export interface Incoming {
  readonly method: string;
  /** The target as the client sent it. */
  readonly target: string;
  /** `1.0`, `1.1` or `2.0`. */
  readonly version: string;
  /** Alternating names and values, in the order of their arrival. In HTTP/2, they include the pseudo-headers. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHeaders;
  /** The address of the reader. */
  readonly client: string;
  /** The scheme that the reader used: that of the connection, unless a trusted proxy names another. */
  readonly scheme: Scheme;
  /** Whether the connection itself uses TLS. */
  readonly isSecure: boolean;
  readonly connection: object;
  /** Undefined when the client or the process has too many requests. */
  readonly exchange: Exchange | undefined;
}

export interface IncomingHeaders extends ReaderHeaders {
  readonly referer?: string | undefined;
  readonly 'user-agent'?: string | undefined;
}

/** What was sent, for counters and the access log. */
export interface Sent {
  readonly status: number;
  /** The bytes of the body. */
  readonly bytes: number;
  /** The time since the head of the request arrived. */
  readonly seconds: number;
  /** The value of `Cache-Status`. */
  readonly cache: string | undefined;
}

/**
 * Where the response to one request goes. `begin` is called first, and then `bytes` or `stream` once. A second `begin`
 * replaces a response of which nothing has been sent.
 */
export interface Sink {
  /** Sets the status and the header fields, which are sent with the body. The sink adds `date` by itself. */
  begin(status: number, headers: Readonly<Record<string, string>>): void;
  /** Sends the whole body. Undefined for a response without a body. */
  bytes(body: Buffer | string | undefined): void;
  /** Sends the pieces of a stream. Destroys the stream if the reader leaves. */
  stream(pieces: Readable): void;
  /** The size of the largest write that a response of `bytes` bytes may use. */
  mostAtOnce(bytes: number, client: string): number;
  /** Closes the connection after this response. Has no effect in HTTP/2, where requests do not depend on each other. */
  closeAfter(): void;
  /** Whether the reader has left. */
  readonly isGone: boolean;
  /** Calls the listener when the reader has left, or when the response is completely sent. */
  whenGone(listener: () => void): void;
  /** Calls the listener when the response is completely sent. */
  whenSent(listener: (sent: Sent) => void): void;
}

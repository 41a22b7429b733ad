import type { Cidr } from '../../shared/http/ip-address.ts';

/** The options of a serving process. */
export interface ServingOptions {
  /** The data folder. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly accessLog: AccessLogOptions | undefined;
  readonly clients: ClientLimitOptions;
  readonly proxies: ProxyOptions;
  /** A lazy edge evicts objects, so it must know which ones are used. */
  readonly isLazy: boolean;
}

export interface TlsOptions {
  readonly port: number;
  /** The folder of the certificates. */
  readonly folder: string;
  /** 48 bytes that all serving processes share, so that each of them can resume a reader's session. */
  readonly ticketKeys: Uint8Array;
}

export interface AccessLogOptions {
  readonly file: string;
  /** `combined` is the format of nginx and Apache. */
  readonly format: 'json' | 'combined';
}

/** The proxies in front of an edge that are trusted to name the reader of each request. */
export interface ProxyOptions {
  /** The addresses of the proxies. */
  readonly trusted: readonly Cidr[];
  /** Whether their connections to the serving ports begin with a header of the PROXY protocol. */
  readonly useProxyProtocol: boolean;
}

/** The limits of one client in one serving process. */
export interface ClientLimitOptions {
  readonly connections: number;
  /** Null for no limit. */
  readonly requestsPerSecond: number | null;
}

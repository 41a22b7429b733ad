/** The options that a serving process starts with. */
export interface ServingOptions {
  /** The data folder. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly accessLog: AccessLogOptions | undefined;
  readonly clients: ClientLimitOptions;
  /** The edge evicts objects from its disk, so it has to know which objects are used. */
  readonly isLazy: boolean;
}

export interface TlsOptions {
  readonly port: number;
  /** The folder of the certificates. */
  readonly folder: string;
  /** 48 bytes that all serving processes share, so that any of them can resume a reader's session. */
  readonly ticketKeys: Uint8Array;
}

export interface AccessLogOptions {
  readonly file: string;
  /** JSON, or the format that nginx and Apache call combined. */
  readonly format: 'json' | 'combined';
}

/** The limits for one client at one serving process. */
export interface ClientLimitOptions {
  readonly connections: number;
  /** Null for no limit. */
  readonly requestsPerSecond: number | null;
}

/** What a serving process is started with. */
export interface ServingOptions {
  /** The data folder. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly accessLog: AccessLogOptions | undefined;
  readonly clients: ClientLimitOptions;
  /** The edge makes room on its disk: it has to know which objects are used. */
  readonly isLazy: boolean;
}

export interface TlsOptions {
  readonly port: number;
  /** Of certificates. */
  readonly folder: string;
  /** Shared by all serving processes, so that a reader's session is resumed by whichever it meets; 48 bytes. */
  readonly ticketKeys: Uint8Array;
}

export interface AccessLogOptions {
  readonly file: string;
  /** JSON, or as nginx and Apache call it. */
  readonly format: 'json' | 'combined';
}

/** What one client may take of one serving process. */
export interface ClientLimitOptions {
  readonly connections: number;
  /** Null for as many as are answered. */
  readonly requestsPerSecond: number | null;
}

import type { Digest } from '../../shared/digest.ts';
import type { PurgeTarget } from '../../shared/purge.ts';

/**
 * What the replicating process and its serving processes say to each other over Node's IPC channel. Both ends
 * are this program, started together: no schema.
 */

/** What a serving process has to know of a site. */
export interface SiteView {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  /** The revision to serve; 0 when nothing is visible yet. */
  readonly revision: number;
  /** The path prefixes that are held here; null for all. Others answer 421. */
  readonly prefixes: readonly string[] | null;
  /** Answers 503 while the edge has no lease. */
  readonly needsLease: boolean;
  readonly former: FormerAssets;
  /** What needs a token; null for nothing. */
  readonly private: PrivateContent | null;
}

export interface PrivateContent {
  /** Public keys whose signatures count. */
  readonly keys: readonly string[];
  /** Patterns as in `_headers`. */
  readonly paths: readonly string[];
}

/** What answers for assets that the revision has no more. */
export interface FormerAssets {
  /** Those superseded last first; `until` in milliseconds since 1970. */
  readonly revisions: readonly { readonly revision: number; readonly until: number }[];
  /** What are assets: patterns as in `_headers`; null for names with a fingerprint. */
  readonly paths: readonly string[] | null;
  /** No revision up to that of a purge answers for what it names. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
}

export interface ServingOptions {
  /** The data folder. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly accessLog: AccessLogOptions | undefined;
  readonly clients: ClientLimitOptions;
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

export type ToServing =
  /** The first message: listen, and let requests wait for the first switch. */
  | ({ readonly t: 'start' } & ServingOptions)
  /** Let new requests wait: none may be begun on the old views while another process has begun on the new. */
  | { readonly t: 'hold'; readonly turn: number }
  /** Requests begun from now on see these views, all of them; ends the hold. */
  | { readonly t: 'switch'; readonly turn: number; readonly views: readonly SiteView[] }
  /** Until when sites that need a lease may be served, in milliseconds of the machine's monotonic clock. */
  | { readonly t: 'lease'; readonly until: number }
  /** What is in memory of these objects goes: they were found damaged on disk, or purged. */
  | { readonly t: 'forget'; readonly digests: readonly Digest[] | 'all' }
  /** The variants of these objects are others than before. */
  | { readonly t: 'variants'; readonly sources: readonly Digest[] }
  | { readonly t: 'counters'; readonly turn: number }
  /** Answer what has begun, take nothing new, end. */
  | { readonly t: 'drain' };

/** An entry that readers who take codings ask for, without all of its variants decided. */
export interface WantedVariants {
  readonly site: number;
  readonly revision: number;
  readonly path: string;
  /** How often, since it was told last. */
  readonly times: number;
}

export type FromServing =
  | { readonly t: 'listening'; readonly port: number }
  | { readonly t: 'failed'; readonly code: string; readonly message: string }
  | { readonly t: 'held'; readonly turn: number }
  | { readonly t: 'switched'; readonly turn: number }
  | { readonly t: 'wanted'; readonly entries: readonly WantedVariants[] }
  | { readonly t: 'counters'; readonly turn: number; readonly counters: ServingCounters };

/** Per site name, since the process began. */
export type ServingCounters = Readonly<Record<string, SiteCounters>>;

export interface SiteCounters {
  /** By class of status, such as `2xx`. */
  readonly requests: Readonly<Record<string, number>>;
  /** Of bodies. */
  readonly bytes: number;
  /** Answers that took up to the seconds of that bucket and more than the one before; the last one is for the rest. */
  readonly buckets: readonly number[];
  /** What all answers took. */
  readonly seconds: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

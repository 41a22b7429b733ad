import type { Digest } from '../../shared/content/digest.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';

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
  /** Those superseded last first; `until` by the time of the log. */
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

export type ToServing =
  /** The first message: listen, and let requests wait for the first switch. */
  | ({ readonly t: 'start' } & ServingOptions)
  /** Let new requests wait: none may be begun on the old views while another process has begun on the new. */
  | { readonly t: 'hold'; readonly turn: number }
  /** Requests begun from now on see these views, all of them; ends the hold. */
  | { readonly t: 'switch'; readonly turn: number; readonly views: readonly SiteView[] }
  /** Until when sites that need a lease may be served, in milliseconds of the machine's monotonic clock. */
  | { readonly t: 'lease'; readonly until: number }
  /** What the monotonic clock of the machine is to be put ahead by for the time of the log, in milliseconds. */
  | { readonly t: 'time'; readonly ahead: number }
  /** What is in memory of these objects goes: they were found damaged on disk, or purged. */
  | { readonly t: 'forget'; readonly digests: readonly Digest[] | 'all' }
  /** The variants of these objects are others than before. */
  | { readonly t: 'variants'; readonly sources: readonly Digest[] }
  | { readonly t: 'counters'; readonly turn: number }
  /** What was needed is in the store now. */
  | { readonly t: 'stored'; readonly id: number; readonly found: FoundMissing }
  /** The file of what was needed has these bytes; of others `arrived` tells, until `done`. */
  | {
      readonly t: 'coming';
      readonly id: number;
      /** The name of its file among the drafts, until it is whole. */
      readonly fill: string;
      readonly spans: readonly ByteSpan[];
      readonly found: FoundMissing;
    }
  | { readonly t: 'arrived'; readonly fill: string; readonly span: ByteSpan }
  /** What is not there yet does not come. */
  | { readonly t: 'broke'; readonly fill: string; readonly code: ErrorCode; readonly message: string }
  | { readonly t: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  /** Which objects have been read since this was asked last? */
  | { readonly t: 'use'; readonly turn: number }
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
  | { readonly t: 'counters'; readonly turn: number; readonly counters: ServingCounters }
  /** Readers ask for an object, or a range of it, that is not here. */
  | {
      readonly t: 'need';
      readonly id: number;
      /** Who takes turns with others at what is fetched. */
      readonly client: string;
      readonly digest: Digest;
      readonly range: ByteRange | null;
    }
  /** No more of it is wanted. */
  | { readonly t: 'done'; readonly id: number }
  | ({ readonly t: 'used'; readonly turn: number } & ReadersUse);

/** What readers have been sent since this was told last. */
export interface ReadersUse {
  /** When each was used last, by the time of the log. */
  readonly used: readonly (readonly [digest: Digest, at: number])[];
  /** Objects that are being sent. */
  readonly serving: readonly Digest[];
}

/** Bytes from `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** How a request found an object that was not whole here. */
export interface FoundMissing {
  readonly found: 'all' | 'partial' | 'none';
  /** All that was missing was on its way for others. */
  readonly isCollapsed: boolean;
  /** Where it comes from. */
  readonly tier: 'origin' | 'parent';
}

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
  /** Answers for which the site's rules asked more than they may. */
  readonly excesses: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Waiter } from './connections.ts';
import type { Self, Transfer } from './transfer.ts';

/** A request to an upstream. */
export interface FeedRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** The edge that proves the request. Undefined for requests that anyone may send. */
  readonly self?: Self;
  /** The body as JSON text. */
  readonly body?: string;
  readonly upload?: Upload;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** `replication` by default. */
  readonly waiter?: Waiter;
}

/** An object to upload. */
export interface Upload {
  readonly digest: Digest;
  readonly size: number;
  /** Opens the object at its beginning. It is called once for each attempt. */
  readonly open: () => Promise<Readable>;
}

/** How a transfer is requested. */
export function fetched({ signal, isForReaders = false }: Transfer): Pick<FeedRequest, 'signal' | 'waiter'> {
  return { signal, waiter: isForReaders ? 'readers' : 'replication' };
}

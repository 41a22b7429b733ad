import { Agent } from 'undici';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import { HEAD_EVERY_MS } from '../../../shared/feed/follow-log.ts';
import { trustingConnector } from '../../../shared/tls/connector.ts';
import { handshakeError } from '../../../shared/tls/tls-errors.ts';
import type { Peer, Trust } from '../../../shared/tls/trust.ts';

/** The kinds of requests. Each kind has its own connections, so that no kind can block another. */
export type Waiter =
  | 'replication'
  /** The stream of the log. Its response begins immediately, and a frame arrives every few seconds. */
  | 'stream'
  | 'readers'
  /** Uploads of objects that the origin has asked for. */
  | 'uploads'
  /** Edges that want to join through this edge and are not members yet. */
  | 'strangers'
  /** Requests that only check whether the upstream responds. */
  | 'probes';

/** How long to wait for an upstream. */
interface Patience {
  /** The longest wait for a connection, including its TLS handshake. */
  readonly connectMs: number;
  /** The longest wait for the head of a response. */
  readonly headMs: number;
  /** The longest pause between two pieces of a body. */
  readonly silenceMs: number;
}

export type Patiences = Readonly<Record<Waiter, Patience>>;

/** Three times the longest pause between two frames of a working feed. */
const SILENCE_MS = 3 * HEAD_EVERY_MS;
/** If a parent does not hold the requested revision yet, it waits for it, but answers within 10 seconds. */
const REPLICATING: Patience = { connectMs: 10_000, headMs: 20_000, silenceMs: SILENCE_MS };

export const PATIENCE: Patiences = {
  replication: REPLICATING,
  stream: { ...REPLICATING, headMs: SILENCE_MS },
  // Even if a connection loses its first two packets, enough time must remain to ask another upstream before the reader
  // gets an error.
  readers: { ...REPLICATING, connectMs: 4000, headMs: 12_000 },
  // The origin answers when it has read a large object once more and synced it to disk.
  uploads: { ...REPLICATING, headMs: 120_000 },
  strangers: REPLICATING,
  probes: { connectMs: 2000, headMs: 2000, silenceMs: 2000 },
};

const MOST: Readonly<Record<Waiter, number>> = {
  replication: 8,
  // One connection for the stream that is being closed, one for the stream that replaces it, and one to try a preferred
  // upstream.
  stream: 3,
  // This is less than the number of encodings that one member may have waiting. The upstream would refuse a further
  // request, and the reader would get an error.
  readers: 48,
  uploads: 1,
  strangers: 2,
  probes: 2,
};

export interface ConnectionsOptions {
  readonly patiences: Patiences;
  readonly trust: Trust;
  readonly now: () => number;
}

/** The connections to one upstream, grouped by kind of request. */
export class Connections {
  readonly #agents: Readonly<Record<Waiter, Agent>>;
  #peer: Peer | undefined;

  constructor({ patiences, trust, now }: ConnectionsOptions) {
    const agent = (waiter: Waiter) => {
      const { connectMs, headMs, silenceMs } = patiences[waiter];
      const accepted = (peer: Peer) => {
        this.#peer = peer;
      };
      const connect = trustingConnector({ trust, timeout: connectMs, now, accepted });
      const waits = { headersTimeout: headMs, bodyTimeout: silenceMs };
      return new Agent({ connect, ...waits, connections: MOST[waiter] });
    };
    this.#agents = {
      replication: agent('replication'),
      stream: agent('stream'),
      readers: agent('readers'),
      uploads: agent('uploads'),
      strangers: agent('strangers'),
      probes: agent('probes'),
    };
  }

  /** The server that the newest TLS connection reached. Undefined over plain HTTP. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  of(waiter: Waiter): Agent {
    return this.#agents[waiter];
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }
}

/** The error for a request that got no response. */
export function noAnswer(url: string, cause: unknown, waiter: Waiter): SkerryError {
  if (waiter === 'stream' && systemCode(cause) === 'UND_ERR_HEADERS_TIMEOUT') return silentFeed(url, cause);
  if (cause instanceof SkerryError) return cause;
  const failed = handshakeError(url, cause);
  if (failed !== undefined) return failed;
  return new SkerryError('origin-unreachable', `no answer from ${url}: ${reason(cause)}`, { cause });
}

/** Whether a signal aborted because of a timeout. */
export function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

/** Throws `silent-feed` when a stream delivered no data for too long. Throws any other error unchanged. */
export function throwSilence(url: string, error: unknown): never {
  throw systemCode(error) === 'UND_ERR_BODY_TIMEOUT' ? silentFeed(url, error) : error;
}

function silentFeed(url: string, cause: unknown): SkerryError {
  return new SkerryError('silent-feed', `the stream from ${url} sent no heartbeat in time`, { cause });
}

function reason(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error));
}

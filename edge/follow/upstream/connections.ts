import { Agent } from 'undici';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import { HEAD_EVERY_MS } from '../../../shared/feed/follow-log.ts';
import { certificateFault } from '../../../shared/http/certificate-fault.ts';

/** Who waits for an answer: each keeps the others from nothing. */
export type Waiter =
  | 'replication'
  /** The stream of the log: it begins at once, and something of it comes every few seconds. */
  | 'stream'
  | 'readers'
  /** Who wants to join through this edge, and is known to nobody yet. */
  | 'strangers'
  /** Who asks whether it is there at all. */
  | 'probes';

/** How long an upstream is waited for. */
interface Patience {
  /** For a connection, its TLS handshake included. */
  readonly connectMs: number;
  /** For the head of an answer. */
  readonly headMs: number;
  /** Between two pieces of a body. */
  readonly silenceMs: number;
}

export type Patiences = Readonly<Record<Waiter, Patience>>;

/** Three times the longest silence that a feed allows itself. */
const SILENCE_MS = 3 * HEAD_EVERY_MS;
/** A parent that waits for what it does not hold yet answers within 10 seconds. */
const REPLICATING: Patience = { connectMs: 10_000, headMs: 20_000, silenceMs: SILENCE_MS };

export const PATIENCE: Patiences = {
  replication: REPLICATING,
  stream: { ...REPLICATING, headMs: SILENCE_MS },
  // Two first packets of a connection may be lost, and another upstream is asked before a reader is told no.
  readers: { ...REPLICATING, connectMs: 4000, headMs: 12_000 },
  strangers: REPLICATING,
  probes: { connectMs: 2000, headMs: 2000, silenceMs: 2000 },
};

const MOST: Readonly<Record<Waiter, number>> = {
  replication: 8,
  // One that is left, the one that takes its place, and one that is tried.
  stream: 3,
  // Fewer than the answers of one member that may wait to be encoded: one more would be refused, and so would its
  // reader.
  readers: 48,
  strangers: 2,
  probes: 2,
};

/** The connections to one upstream. */
export class Connections {
  readonly #agents: Readonly<Record<Waiter, Agent>>;

  constructor(patiences: Patiences) {
    const agent = (waiter: Waiter) => {
      const { connectMs, headMs, silenceMs } = patiences[waiter];
      const waits = { connect: { timeout: connectMs }, headersTimeout: headMs, bodyTimeout: silenceMs };
      return new Agent({ ...waits, connections: MOST[waiter] });
    };
    this.#agents = {
      replication: agent('replication'),
      stream: agent('stream'),
      readers: agent('readers'),
      strangers: agent('strangers'),
      probes: agent('probes'),
    };
  }

  of(waiter: Waiter): Agent {
    return this.#agents[waiter];
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }
}

/** What a request that got no answer failed with. */
export function noAnswer(url: string, cause: unknown, waiter: Waiter): SkerryError {
  if (waiter === 'stream' && systemCode(cause) === 'UND_ERR_HEADERS_TIMEOUT') return silentFeed(url, cause);
  const untrusted = certificateFault(url, cause);
  if (untrusted !== undefined) return untrusted;
  return new SkerryError('origin-unreachable', `no answer from ${url}: ${reason(cause)}`, { cause });
}

/** Whether a signal aborted because its time was up. */
export function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

/** Throws `silent-feed` for a stream that brought nothing for too long, and all else as it is. */
export function throwSilence(url: string, error: unknown): never {
  throw systemCode(error) === 'UND_ERR_BODY_TIMEOUT' ? silentFeed(url, error) : error;
}

function silentFeed(url: string, cause: unknown): SkerryError {
  return new SkerryError('silent-feed', `the stream from ${url} is silent beyond its heartbeats`, { cause });
}

function reason(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error));
}

import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { LogRecord } from '../../shared/record.ts';
import { forever } from '../../shared/retry.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { type ChainState, follow, noteHead } from './chain-state.ts';
import type { Caller, Upstream } from './upstream.ts';

const RECORDS_PER_SYNC = 500;
const BACKOFF = { first: 200, most: 10_000 };

export interface LogFollowParts {
  readonly catalog: EdgeCatalog;
  readonly upstream: Upstream;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after records have been taken in, and after each head. */
  readonly moved: (chain: ChainState) => void;
}

/**
 * Keeps the edge's copy of the log at the head, for ever: dials, verifies each record before it is stored,
 * and dials again when the connection ends, falls silent or says what the origin did not sign.
 */
export function followLog(parts: LogFollowParts, start: ChainState, signal: AbortSignal): Promise<void> {
  const { catalog, upstream, caller, clock, log, moved } = parts;
  let stored = start;

  const readStream = async (progressed: () => void) => {
    let chain = stored;
    let batch: LogRecord[] = [];
    const store = async () => {
      if (batch.length === 0) return;
      await catalog.storeRecords(batch, chain);
      stored = chain;
      batch = [];
      moved(stored);
    };
    for await (const frame of upstream.stream(caller, stored.seq + 1, signal)) {
      switch (frame.t) {
        case 'record':
          try {
            chain = follow(chain, frame.record);
          } catch (error) {
            // What came before it is verified, and need not be asked for again.
            await store();
            throw error;
          }
          batch.push(frame.record);
          if (batch.length >= RECORDS_PER_SYNC) await store();
          break;
        case 'head':
          chain = noteHead(chain, frame.head);
          await store();
          if (chain.head > stored.head) await catalog.noteHead(chain.head);
          stored = chain;
          moved(stored);
          break;
        case 'unknown':
          if (frame.critical) {
            throw new SkerryError('unknown-critical-record', `the feed sent a critical frame ${frame.type}`);
          }
      }
      progressed();
    }
  };

  const newer = new AbortController();
  return forever(readStream, {
    backoff: BACKOFF,
    clock,
    signal: AbortSignal.any([signal, newer.signal]),
    onError: (error) => {
      if (hasCode(error, 'unknown-critical-record')) {
        // Trying again cannot help: this version serves what it has until it is replaced by a newer one.
        log.fatal({ err: error }, 'the edge follows the log no further');
        newer.abort();
      } else log.warn({ err: error }, 'the feed broke off');
    },
  });
}

import type { Clock } from '../../../shared/clock.ts';
import { noteHead, refuseLoop } from '../../../shared/log/chain-state.ts';
import type { Wants } from '../../../shared/wire/wants.ts';
import { type Faults, isLie } from '../faults.ts';
import type { Self } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { isBehind } from './freshness-state.ts';
import type { LogPosition } from './log-position.ts';

const EVERY_MS = 15_000;
const PROBE_MS = 10_000;

export interface FailBackParts {
  readonly upstreams: Upstreams;
  readonly self: Self;
  readonly wants: Wants;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly position: Pick<LogPosition, 'chain' | 'head'>;
}

/**
 * While this edge follows a less preferred upstream, tries the preferred ones, and returns to the first one that works.
 */
export async function failBack(
  { upstreams, self, wants, clock, faults, position }: FailBackParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(EVERY_MS, signal).catch(() => {});
    for (const upstream of upstreams.preferred()) {
      if (signal.aborted || !(await serves(upstream))) continue;
      upstreams.failBack(upstream);
      break;
    }
  }

  /** Whether the upstream sends a head that is recent and covers all records that this edge knows. */
  async function serves(upstream: Upstream): Promise<boolean> {
    const done = new AbortController();
    // What the upstream sends fits this request, even if other upstreams take the edge further in the meantime.
    const { chain } = position;
    const probe = AbortSignal.any([signal, done.signal, AbortSignal.timeout(PROBE_MS)]);
    try {
      for await (const frame of upstream.stream(self, chain.seq + 1, wants, probe)) {
        if (frame.t === 'path') refuseLoop(frame.names, self.name, upstream.url);
        if (frame.t !== 'head') continue;
        noteHead(chain, frame.head);
        return frame.head.seq >= position.chain.head && !isBehind(frame.head, position.head);
      }
    } catch (error) {
      // Whatever the error is, this upstream is not ready yet.
      faults.note(error, upstream.url);
      if (isLie(error)) upstreams.avoid(upstream);
    } finally {
      done.abort();
    }
    return false;
  }
}

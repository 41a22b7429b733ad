import type { Clock } from '../../shared/clock.ts';
import type { Wants } from '../../shared/feed/feed-source.ts';
import { type ChainState, noteHead } from './chain-state.ts';
import type { Caller, Upstream } from './upstream.ts';
import type { Upstreams } from './upstreams.ts';

const EVERY_MS = 15_000;
const PROBE_MS = 10_000;

/** While a less preferred upstream is followed, tries the better ones, and goes back to the first that serves. */
export async function failBack(
  {
    upstreams,
    caller,
    wants,
    clock,
    chain,
  }: { upstreams: Upstreams; caller: Caller; wants: Wants; clock: Clock; chain: () => ChainState },
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

  /** Whether it answers with a head that is not behind what is known here. */
  async function serves(upstream: Upstream): Promise<boolean> {
    const done = new AbortController();
    const probe = AbortSignal.any([signal, done.signal, AbortSignal.timeout(PROBE_MS)]);
    try {
      for await (const frame of upstream.stream(caller, chain().seq + 1, wants, probe)) {
        if (frame.t === 'path' && frame.names.includes(caller.name)) return false;
        if (frame.t !== 'head') continue;
        noteHead(chain(), frame.head);
        return true;
      }
    } catch {
      // Whatever is wrong with it: not yet.
    } finally {
      done.abort();
    }
    return false;
  }
}

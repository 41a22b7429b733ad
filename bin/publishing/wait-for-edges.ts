import { type Clock, systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { plural, printError } from '../terminal/output.ts';
import type { Awaited, LateEdge } from './awaited-edges.ts';

const POLL_MS = 100;
/** On a terminal, the command prints at this interval which edges it waits for. */
const TELL_MS = 5000;

export interface WaitOptions {
  readonly look: () => Promise<Awaited>;
  /** How long the command waits without progress on any edge. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isTerminal: boolean;
}

/** Returns the wait settings that the flags ask for. */
export function waiting({ waitTimeout = 60 }: { readonly waitTimeout?: number | undefined }) {
  return { patienceMs: waitTimeout * 1000, clock: systemClock, isTerminal: process.stderr.isTTY };
}

/**
 * Waits until all online edges are done, prints which edges are offline, and resolves with the names of those that are
 * done. Throws `unconfirmed` with the names of the others if no edge makes progress for `patienceMs`, if no edge comes
 * online in this time, or if it is useless to wait for any of them.
 */
export async function waitForEdges(options: WaitOptions): Promise<readonly string[]> {
  const { look, patienceMs, clock, signal, isTerminal } = options;
  let progress = '';
  let since = clock.monotonic();
  let toldAt = since;
  while (true) {
    const { done, missing, absent } = await look();
    // Offline edges are awaited only while no edge is online.
    const late = missing.length > 0 || done.length > 0 ? missing : absent;
    if (late.length === 0) {
      if (absent.length > 0) printError(`not waiting for: ${named(absent)}`);
      return done;
    }
    const now = clock.monotonic();
    const seen = JSON.stringify([done, late.map((one) => one.progress)]);
    if (seen !== progress) since = now;
    progress = seen;
    const isOver = now - since >= patienceMs || late.every(({ isHopeless }) => isHopeless);
    if (isOver) throw new SkerryError('unconfirmed', `the change is live, but not on ${named(late)}`);
    if (isTerminal && now - toldAt >= TELL_MS) {
      toldAt = now;
      printError(`done on ${plural(done.length, 'edge')}, waiting for ${named(late)}`);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** A longer list would not be read. */
const MOST_NAMED = 10;

function named(missing: readonly LateEdge[]): string {
  const first = missing.slice(0, MOST_NAMED).map(({ edge, why }) => `${edge} (${why})`);
  const others = missing.length - first.length;
  return `${first.join(', ')}${others > 0 ? ` and ${plural(others, 'other edge')}` : ''}`;
}

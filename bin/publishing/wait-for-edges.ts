import { type Clock, systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { plural, printError } from '../terminal/output.ts';
import type { Awaited, LateEdge } from './awaited-edges.ts';
import { lateEdges, ONLINE, type WaitGoal } from './wait-goal.ts';

const POLL_MS = 100;
/** On a terminal, the command prints at this interval which edges it waits for. */
const TELL_MS = 5000;

export interface WaitOptions {
  readonly look: () => Promise<Awaited>;
  /** Which edges must be done. By default, those that are online. */
  readonly goal?: WaitGoal;
  /** What has happened, for the case that not all edges show it in time. */
  readonly what?: string;
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
 * Waits until the goal is reached, and resolves with the names of the edges that are done. If only online edges count,
 * it prints which are offline. Throws `unconfirmed` with the names of the others if no edge makes progress for
 * `patienceMs`, if no edge comes online in this time, or if it is useless to wait for any of them.
 */
export async function waitForEdges(options: WaitOptions): Promise<readonly string[]> {
  const { look, goal = ONLINE, what = 'the change is live', patienceMs, clock, signal, isTerminal } = options;
  let progress = '';
  let since = clock.monotonic();
  let toldAt = since;
  while (true) {
    const { done, missing, absent } = await look();
    const late = lateEdges(goal, { done, missing, absent });
    if (late.length === 0) {
      if (absent.length > 0 && goal.kind === 'online') printError(`not waiting for: ${named(absent)}`);
      return done;
    }
    const now = clock.monotonic();
    const seen = JSON.stringify([done, late.map((one) => one.progress)]);
    if (seen !== progress) since = now;
    progress = seen;
    const isOver = now - since >= patienceMs || late.every(({ isHopeless }) => isHopeless);
    if (isOver) throw new SkerryError('unconfirmed', `${what}, but not on ${named(late)}`);
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

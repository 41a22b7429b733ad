import { type Clock, systemClock } from '../shared/clock.ts';
import { SkerryError } from '../shared/errors.ts';
import type { Awaited, LateEdge } from './awaited-edges.ts';
import { plural, printError } from './output.ts';

const POLL_MS = 100;
/** On a terminal it is said again this often what is waited for. */
const TELL_MS = 5000;

export interface WaitOptions {
  readonly look: () => Promise<Awaited>;
  /** How long no edge may come further. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isTerminal: boolean;
}

/** As the flags say. */
export function waiting({ waitTimeout = 60 }: { readonly waitTimeout?: number | undefined }) {
  return { patienceMs: waitTimeout * 1000, clock: systemClock, isTerminal: process.stderr.isTTY };
}

/**
 * Resolves with the edges that have done it, when all have that are online. Throws `unconfirmed` with the names of the
 * others when no edge has come further for a while, or when only those are left that never can.
 */
export async function waitForEdges(options: WaitOptions): Promise<readonly string[]> {
  const { look, patienceMs, clock, signal, isTerminal } = options;
  let progress = '';
  let since = clock.monotonic();
  let toldAt = since;
  while (true) {
    const { done, missing } = await look();
    if (missing.length === 0) return done;
    const now = clock.monotonic();
    const seen = JSON.stringify([done, missing.map((one) => one.progress)]);
    if (seen !== progress) since = now;
    progress = seen;
    const isOver = now - since >= patienceMs || missing.every(({ isHopeless }) => isHopeless);
    if (isOver) throw new SkerryError('unconfirmed', `it is live, but not on ${named(missing)}`);
    if (isTerminal && now - toldAt >= TELL_MS) {
      toldAt = now;
      printError(`done on ${plural(done.length, 'edge')}, waiting for ${named(missing)}`);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** More would not be read. */
const MOST_NAMED = 10;

function named(missing: readonly LateEdge[]): string {
  const first = missing.slice(0, MOST_NAMED).map(({ edge, why }) => `${edge} (${why})`);
  const others = missing.length - first.length;
  return `${first.join(', ')}${others > 0 ? ` and ${plural(others, 'other edge')}` : ''}`;
}

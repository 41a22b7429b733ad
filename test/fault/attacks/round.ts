import type { Attack, Outcome } from './attack.ts';
import { startBareServer } from './bare-server.ts';
import { lossesOf, processesOf, SITE, type Target } from './target.ts';
import { forgetPeaks, watchPeak, watchStalls } from './watch.ts';

/** The longest time for an attack. Anything not refused by then counts as not refused. */
const ATTACK_MS = 90_000;
/** The memory limit of one process. An edge's process may have a heap of 256 MB. */
export const MOST_BYTES = 512 * 1024 * 1024;

interface Measured {
  readonly peakBytes: number;
  /** Milliseconds. */
  readonly health: number;
  readonly reader: number;
}

export interface Row extends Measured {
  readonly attack: Attack;
  readonly outcome: Outcome;
  readonly bare: { readonly peakBytes: number; readonly health: number } | undefined;
  readonly losses: readonly string[];
  /** Everything that must not happen and did. Empty when the attack has failed. */
  readonly faults: readonly string[];
}

/** Runs one attack on the target, sends the same bytes to a bare server, and then checks the target. */
export async function runRound(target: Target, attack: Attack): Promise<Row> {
  const pids = await processesOf(target);
  await forgetPeaks(pids);
  const peak = watchPeak(pids);
  const { origin, parent, child } = target;
  const host = `${SITE}.localhost`;
  const stop = await watchStalls({
    origin: { url: `${origin.url}/healthz` },
    parent: { url: `${parent.adminUrl}/healthz` },
    reader: { url: `${parent.url}/a.css`, host },
    childReader: { url: `${child.url}/a.css`, host },
  });
  const outcome = await within(attack.run(target));
  const { longest } = await stop();
  const peakBytes = await peak();
  const bare = await againstBare(attack);
  const losses = await lossesOf(target, pids);
  const faults = [
    ...losses,
    ...(outcome.gained === undefined ? [] : [`it got ${outcome.gained}`]),
    ...(peakBytes > MOST_BYTES ? ['too much memory'] : []),
  ];
  return {
    ...{ attack, outcome, bare, losses, faults, peakBytes },
    health: Math.max(longest.origin ?? 0, longest.parent ?? 0),
    reader: Math.max(longest.reader ?? 0, longest.childReader ?? 0),
  };
}

async function againstBare({ bytes }: Attack): Promise<Row['bare']> {
  if (bytes === undefined) return undefined;
  const server = await startBareServer();
  try {
    await forgetPeaks([server.pid]);
    const peak = watchPeak([server.pid]);
    const stop = await watchStalls({ health: { url: `http://${server.host}:${server.port}/healthz` } });
    await within(bytes(server));
    const { longest } = await stop();
    return { peakBytes: await peak(), health: longest.health ?? 0 };
  } finally {
    await server.close();
  }
}

async function within<T>(attack: Promise<T>): Promise<T | Outcome> {
  const timeOut = Promise.withResolvers<Outcome>();
  const timer = setTimeout(
    () => timeOut.resolve({ refused: 'not at all', gained: 'more time than it may take' }),
    ATTACK_MS,
  );
  try {
    return await Promise.race([attack, timeOut.promise]);
  } catch (error) {
    return { refused: String(error).slice(0, 100) };
  } finally {
    clearTimeout(timer);
  }
}

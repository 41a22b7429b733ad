import { systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Rollout } from '../../shared/wire/rollout-api.ts';

const POLL_MS = 250;

interface FollowOptions {
  readonly look: () => Promise<Rollout>;
  /** Called for each state that differs from the one before. */
  readonly changed: (rollout: Rollout) => void;
  readonly signal: AbortSignal;
}

/** Looks at a rollout until it has ended, and returns its end. */
export async function followRollout({ look, changed, signal }: FollowOptions): Promise<Rollout> {
  let seen = '';
  while (true) {
    const rollout = await look();
    const { evidence: _evidence, ...rest } = rollout;
    const text = JSON.stringify(rest);
    if (text !== seen) changed(rollout);
    seen = text;
    if (rollout.ended !== null) return rollout;
    await systemClock.sleep(POLL_MS, signal);
  }
}

/** Throws `rollout-failed` unless the revision has become live. Names the worst differences and the pages behind them. */
export function confirmRollout({ site, revision, state, reason, evidence }: Rollout): void {
  if (state === 'done') return;
  const worst = evidence.worst.map(({ path, status, before, count, referer }) => {
    const from = referer === null ? '' : ` from ${referer}`;
    return `${path} answered ${status} instead of ${before}${from} (${count})`;
  });
  const named = worst.length === 0 ? '' : `; ${worst.join('; ')}`;
  throw new SkerryError(
    'rollout-failed',
    `revision ${revision} of ${site} was taken back: ${reason}${named}`,
  );
}

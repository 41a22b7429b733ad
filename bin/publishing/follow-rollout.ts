import type { ApiClient } from '../../origin/client/api-client.ts';
import { rolloutOf } from '../../origin/client/rollout-calls.ts';
import { systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { Rollout } from '../../shared/wire/rollout-api.ts';
import { differenceText, printRollout } from './print-rollout.ts';

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

/**
 * Waits until the revision of a publish has become live, and prints its steps. Throws `rollout-failed` when it has not.
 */
export async function waitForRollout(
  client: ApiClient,
  site: string,
  { revision }: Pick<Commit, 'revision'>,
  { json, signal }: { readonly json: boolean | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const look = async (): Promise<Rollout> => {
    const newest = await rolloutOf(client, site);
    if (newest.revision === revision) return newest;
    throw new SkerryError('rollout-failed', `revision ${revision} of ${site} was taken back for another one`);
  };
  confirmRollout(await followRollout({ look, changed: json ? () => {} : printRollout, signal }));
}

/** Throws `rollout-failed` unless the revision has become live. Names the worst differences and the pages behind them. */
function confirmRollout({ site, revision, state, reason, evidence }: Rollout): void {
  if (state === 'done') return;
  const worst = evidence.worst.map(differenceText);
  const named = worst.length === 0 ? '' : `; ${worst.join('; ')}`;
  throw new SkerryError(
    'rollout-failed',
    `revision ${revision} of ${site} was taken back: ${reason}${named}`,
  );
}

import { SkerryError } from '../errors.ts';
import { READY_POLICIES } from './ready-rollouts.ts';
import type { RolloutChoice, RolloutPolicy } from './rollout-policy.ts';

export function chosenPolicy(choice: RolloutChoice): RolloutPolicy {
  return typeof choice === 'string' ? READY_POLICIES[choice] : choice;
}

const SELECTORS = ['edges', 'labels', 'regions', 'count', 'share', 'each'] as const;

/** Throws `bad-policy` for a step that does not say which edges it adds, or says it twice. */
export function checkRollout(choice: RolloutChoice): void {
  for (const [i, step] of chosenPolicy(choice).steps.entries()) {
    const given = SELECTORS.filter((selector) => step[selector] !== undefined);
    if (given.length !== 1)
      throw new SkerryError(
        'bad-policy',
        `step ${i + 1} of the rollout needs one of ${SELECTORS.join(', ')}`,
      );
  }
}

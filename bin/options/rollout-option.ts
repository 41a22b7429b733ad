import { readFileSync } from 'node:fs';
import type { Option } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { READY_POLICIES } from '../../shared/site/ready-rollouts.ts';
import type { RolloutChoice } from '../../shared/site/rollout-policy.ts';
import { option } from './options.ts';

/** A rollout as a flag names it: a ready policy, a file with a policy, or none. */
export type RolloutFlag = RolloutChoice | 'none';

export function rolloutOption(): Option {
  return option(
    '--rollout [policy]',
    'show the revision at a few edges first: canary, regions, a JSON file with a policy, or none',
  ).argParser(rolloutFlag);
}

export function rolloutFlag(text: string): RolloutFlag {
  if (text === 'none' || Object.hasOwn(READY_POLICIES, text)) return text as RolloutFlag;
  try {
    // The origin checks the policy.
    return JSON.parse(readFileSync(text, 'utf8')) as RolloutChoice;
  } catch (cause) {
    throw new SkerryError(
      'bad-config',
      `--rollout takes ${Object.keys(READY_POLICIES).join(', ')}, none or a JSON file, and ${text} is none of them`,
      { cause },
    );
  }
}

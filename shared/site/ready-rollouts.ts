import type { RolloutPolicy } from './rollout-policy.ts';

const USUAL_GUARDS: RolloutPolicy['guards'] = {
  ...{ requests: 100, lost: 0.005, paths: [] },
  ...{ latency: 8, traffic: true },
};

/** The policies that every origin has. */
export const READY_POLICIES = {
  canary: {
    steps: [
      { count: 1, dwell: 60 },
      { share: 0.1, dwell: 60 },
    ],
    guards: USUAL_GUARDS,
    without: 'go-on',
  },
  regions: {
    steps: [
      { count: 1, dwell: 60 },
      { each: 'region', dwell: 60 },
    ],
    guards: USUAL_GUARDS,
    without: 'go-on',
  },
} as const satisfies Readonly<Record<string, RolloutPolicy>>;

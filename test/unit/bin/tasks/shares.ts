import type { WholeTask } from '../../../../origin/client/tasks-client.ts';
import type { ShareStatus } from '../../../../shared/wire/task-api.ts';

export const share = (edge: string | null, changes: Partial<ShareStatus> = {}): ShareStatus => ({
  ...{ share: 0, edge, state: 'queued', attempts: 0, progress: null, result: null },
  ...changes,
});

export const task = (shares: readonly ShareStatus[], changes: Partial<WholeTask> = {}): WholeTask => ({
  ...{ id: 7, kind: 'verify', args: { repair: false }, target: { all: true }, cause: 'token 1' },
  ...{ state: 'queued', created: 1, deadline: 2, ended: null },
  shares: shares.map((one, i) => ({ ...one, share: i })),
  ...changes,
});

export const sound = {
  isSound: true,
  verified: 1,
  sites: [
    {
      ...{ name: 'docs', revision: 3, manifest: 'sound', objects: 46, bytes: 1000 },
      ...{ damaged: 0, paths: [], repaired: false },
    },
  ],
  others: { objects: 2, damaged: 0 },
};

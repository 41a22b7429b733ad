import { SkerryError } from '../../shared/errors.ts';
import { chosenPolicy } from '../../shared/site/chosen-rollout.ts';
import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { ChangeSet } from './change-set.ts';
import type { Turn } from './commit-turn.ts';
import type { SyncEdges } from './sync-edges.ts';

const LEAST_EDGES = 2;

interface RolloutSituation extends Pick<Turn, 'rollout' | 'draft' | 'site' | 'mode'> {
  readonly changes: Pick<ChangeSet, 'deploy' | 'restores'>;
}

/**
 * The policy by which a commit reaches the edges in steps. Undefined when all edges show it at once: because nobody wants
 * steps, or because nothing is live yet that the revision could be compared with. Throws `rollout-refused`.
 */
export function wantedRollout(
  { rollout, draft, site, mode, changes }: RolloutSituation,
  edges: Pick<SyncEdges, 'participants'>,
): RolloutPolicy | undefined {
  // Rollbacks and single files become live at once.
  const isDeploy = changes.deploy !== null && changes.restores === null;
  const choice = rollout === undefined && isDeploy ? site.policy.rollout : (rollout ?? null);
  if (choice === null || draft !== undefined) return undefined;
  if (mode === 'sync')
    throw new SkerryError(
      'rollout-refused',
      'a sync publish switches all edges together, so it cannot reach them in steps',
    );
  if (site.revision === 0) return undefined;
  const count = edges.participants(site.name).length;
  if (count < LEAST_EDGES)
    throw new SkerryError(
      'rollout-refused',
      `a rollout needs ${LEAST_EDGES} edges that are online and keep up with ${site.name}, and there ${count === 1 ? 'is one' : 'are none'}`,
    );
  return chosenPolicy(choice);
}

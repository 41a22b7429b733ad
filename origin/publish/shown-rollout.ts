import type { Rollout } from '../../shared/wire/rollout-api.ts';
import type { RolloutRow } from '../catalog/rollout-calls.ts';

/** A rollout in the form that the API shows. */
export function shownRollout({ siteName, root: _root, dwell: _dwell, edges, ...row }: RolloutRow): Rollout {
  return { ...row, site: siteName, edges: [...edges] };
}

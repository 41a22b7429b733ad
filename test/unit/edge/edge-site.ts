import type { Activation, EdgeSite } from '../../../edge/store/catalog.ts';
import { WHOLE } from '../../../edge/store/cover.ts';
import { digestOf } from '../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../shared/site/site-policy.ts';

/** A site that shows revision 1 and has nothing to do, but for what `changes` say. */
export function edgeSite(changes: Partial<EdgeSite> = {}): EdgeSite {
  return {
    id: 1,
    name: 'docs',
    domains: [],
    policy: DEFAULT_POLICY,
    active: { revision: 1, root: digestOf('1'), seq: 10, files: null },
    returned: null,
    activations: [],
    proposal: null,
    staging: null,
    prepared: null,
    former: [],
    purges: [],
    covers: WHOLE,
    aliases: [],
    rollout: null,
    kept: [],
    ...changes,
  };
}

export function activation(revision: number, changes: Partial<Activation> = {}): Activation {
  return {
    revision,
    root: digestOf(String(revision)),
    seq: 10 * revision,
    files: 1,
    time: 0,
    mode: 'async',
    now: false,
    ...changes,
  };
}

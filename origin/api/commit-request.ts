import { SkerryError } from '../../shared/errors.ts';
import { checkRollout } from '../../shared/site/chosen-rollout.ts';
import type { CommitRequest } from '../../shared/wire/deploy-api.ts';
import type { CommitOptions } from '../publish/commit-options.ts';

/** An alias makes a draft, with or without `draft`. */
export function commitOptions({ draft, alias, expires, rollout, ...request }: CommitRequest): CommitOptions {
  if (rollout !== undefined && rollout !== 'none') checkRollout(rollout);
  const options = { ...request, rollout: rollout === 'none' ? null : rollout };
  if (!draft && alias === undefined && expires !== undefined)
    throw new SkerryError('bad-request', 'only an alias expires, so `expires` needs `draft` or `alias`');
  if (!draft && alias === undefined) return options;
  return { ...options, draft: { alias, life: expires } };
}

import { SkerryError } from '../../shared/errors.ts';
import { checkRollout } from '../../shared/site/chosen-rollout.ts';
import type { RolloutChoice } from '../../shared/site/rollout-policy.ts';
import type { CommitRequest } from '../../shared/wire/deploy-api.ts';
import type { CommitOptions } from '../publish/commit-options.ts';
import type { ApiContext } from './context.ts';

/** An alias makes a draft, with or without `draft`. */
export function commitOptions({ draft, alias, expires, rollout, ...request }: CommitRequest): CommitOptions {
  if (rollout !== undefined && rollout !== 'none') checkRollout(rollout);
  const options = { ...request, rollout: rollout === 'none' ? null : rollout };
  if (!draft && alias === undefined && expires !== undefined)
    throw new SkerryError('bad-request', 'only an alias expires, so `expires` needs `draft` or `alias`');
  if (!draft && alias === undefined) return options;
  return { ...options, draft: { alias, life: expires } };
}

/** Throws `bad-policy` for a rollout that would ask a webhook which does not exist, or is of another site. */
export async function checkAsked(
  { webhooks }: Pick<ApiContext, 'webhooks'>,
  of: string,
  choice: RolloutChoice | null | undefined,
): Promise<void> {
  const asked = typeof choice === 'object' ? choice?.guards.webhook : undefined;
  if (asked === undefined) return;
  const known = (await webhooks.list()).find(({ name }) => name === asked);
  if (known === undefined)
    throw new SkerryError('bad-policy', `the rollout asks the webhook ${asked}, which does not exist`);
  if (known.site !== null && known.site !== of)
    throw new SkerryError('bad-policy', `the rollout asks the webhook ${asked}, which is of another site`);
}

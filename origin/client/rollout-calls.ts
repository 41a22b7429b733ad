import { schema } from '../../shared/json/schema.ts';
import { type Rollout, type RolloutAct, rolloutSchema } from '../../shared/wire/rollout-api.ts';
import type { ApiClient } from './api-client.ts';

const rollout = schema(rolloutSchema);

/** The newest rollout of a site. Throws `no-such-rollout`. */
export function rolloutOf(client: ApiClient, site: string): Promise<Rollout> {
  return client.ask('GET', `/v1/sites/${site}/rollout`, rollout);
}

export function changeRollout(client: ApiClient, site: string, act: RolloutAct): Promise<Rollout> {
  return client.ask('POST', `/v1/sites/${site}/rollout`, rollout, { act });
}

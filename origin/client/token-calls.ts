import { schema } from '../../shared/json/schema.ts';
import { type NewToken, newTokenSchema, type RotateRequest } from '../../shared/wire/token-api.ts';
import type { ApiClient } from './api-client.ts';

const answer = schema(newTokenSchema);

/** Makes a new token with the same scope. The old one expires after the overlap. */
export function rotateToken(client: ApiClient, id: string, request: RotateRequest): Promise<NewToken> {
  return client.ask('POST', `/v1/tokens/${id}/rotate`, answer, request);
}

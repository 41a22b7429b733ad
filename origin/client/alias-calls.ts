import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import {
  type ActivateRequest,
  type Alias,
  type AliasRequest,
  type AliasWithEdges,
  aliasSchema,
  aliasWithEdgesSchema,
} from '../../shared/wire/alias-api.ts';
import { type Commit, commitSchema } from '../../shared/wire/api.ts';
import type { ApiClient } from './api-client.ts';

const answers = {
  alias: schema(aliasSchema),
  aliasWithEdges: schema(aliasWithEdgesSchema),
  aliases: schema(Type.Object({ aliases: Type.Array(aliasSchema) })),
  commit: schema(commitSchema),
};

export async function aliasesOf(client: ApiClient, site: string): Promise<Alias[]> {
  return (await client.ask('GET', `/v1/sites/${site}/aliases`, answers.aliases)).aliases;
}

export function aliasOf(client: ApiClient, site: string, alias: string): Promise<AliasWithEdges> {
  return client.ask('GET', `/v1/sites/${site}/aliases/${alias}`, answers.aliasWithEdges);
}

/** Points an alias at a revision. The answer may name another revision with the same content. */
export function putAlias(
  client: ApiClient,
  site: string,
  alias: string,
  request: AliasRequest,
): Promise<Alias> {
  return client.ask('PUT', `/v1/sites/${site}/aliases/${alias}`, answers.alias, request);
}

export function deleteAlias(client: ApiClient, site: string, alias: string): Promise<void> {
  return client.delete(`/v1/sites/${site}/aliases/${alias}`);
}

/** Makes a draft, or another revision, live. */
export function activate(client: ApiClient, site: string, request: ActivateRequest): Promise<Commit> {
  return client.ask('POST', `/v1/sites/${site}/activate`, answers.commit, request);
}

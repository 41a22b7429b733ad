import { schema } from '../../shared/json/schema.ts';
import { type ContentDigests, contentDigestsSchema, type ManifestLine } from '../../shared/wire/api.ts';
import type { ApiClient } from './api-client.ts';

const digests = schema(contentDigestsSchema);

/** By node, the digests of what publishers decided about the files of a revision. */
export function contentDigests(client: ApiClient, site: string, revision: number): Promise<ContentDigests> {
  return client.ask('GET', `/v1/sites/${site}/revisions/${revision}/digests`, digests);
}

/** The files of a revision whose paths belong to these nodes. */
export function filesOfNodes(
  client: ApiClient,
  site: string,
  revision: number,
  nodes: readonly number[],
): AsyncGenerator<ManifestLine> {
  return client.manifest(site, revision, `?nodes=${nodes.join(',')}`);
}

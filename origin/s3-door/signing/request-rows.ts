import { KeyedBatcher } from '../../../shared/concurrency/keyed-batcher.ts';
import type { Remote } from '../../../shared/process/thread.ts';
import type { BucketCalls, NamedByRequests, RequestNames } from '../../catalog/bucket-calls.ts';
import type { BucketObject } from '../../catalog/bucket-object.ts';
import type { SiteRow } from '../../catalog/site-calls.ts';
import type { StoredToken } from '../../catalog/token-calls.ts';

const MOST_AT_ONCE = 256;

/** What one request names, as far as it exists. */
export interface Rows {
  readonly token: StoredToken | undefined;
  readonly site: SiteRow | undefined;
  readonly object: BucketObject | undefined;
}

/**
 * Reads the rows that requests name. S3 clients send thousands of small requests side by side, and a call of the
 * catalog costs more than the rows. So the requests of a client that arrive during a call share the next one. Nothing
 * is remembered: a request sees each write that was acknowledged before it.
 */
export class RequestRows {
  readonly #reads: KeyedBatcher<string, RequestNames, ReadonlyMap<RequestNames, Rows>>;

  constructor(catalog: Pick<Remote<BucketCalls>, 'namedByRequests'>) {
    this.#reads = new KeyedBatcher(
      async (requests) => rowsOf(requests, await catalog.namedByRequests(requests)),
      MOST_AT_ONCE,
    );
  }

  async read(client: string, request: RequestNames): Promise<Rows> {
    const rows = await this.#reads.add(client, request);
    return rows.get(request) ?? { token: undefined, site: undefined, object: undefined };
  }
}

function rowsOf(
  requests: readonly RequestNames[],
  { tokens, sites, objects }: NamedByRequests,
): ReadonlyMap<RequestNames, Rows> {
  return new Map(
    requests.map((request, i) => [
      request,
      {
        token: tokens.get(request.token),
        site: request.bucket === undefined ? undefined : sites.get(request.bucket),
        object: objects[i],
      },
    ]),
  );
}

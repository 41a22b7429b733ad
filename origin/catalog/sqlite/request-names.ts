import type { NamedByRequests, RequestNames } from '../bucket-calls.ts';
import type { BucketWriter } from './bucket-writer.ts';
import type { CatalogContext } from './context.ts';
import { siteFinder } from './sites.ts';
import { tokenCalls } from './tokens.ts';

/** Finds what requests name. Requests of one client name the same token and bucket, which is read once. */
export function requestNames(
  context: CatalogContext,
  objects: Pick<BucketWriter, 'state' | 'find'>,
): (requests: readonly RequestNames[]) => NamedByRequests {
  const siteOf = siteFinder(context.sql);
  const { token: tokenOf } = tokenCalls(context);
  return (requests) => {
    const tokens = found(new Set(requests.map(({ token }) => token)), tokenOf);
    const sites = found(new Set(requests.flatMap(({ bucket }) => bucket ?? [])), siteOf);
    return {
      tokens,
      sites,
      objects: requests.map(({ bucket = '', path }) => {
        const site = sites.get(bucket);
        return site && path && objects.find(objects.state(site.id), path);
      }),
    };
  };
}

function found<T>(names: ReadonlySet<string>, find: (name: string) => T | undefined): Map<string, T> {
  const all = new Map<string, T>();
  for (const name of names) {
    const one = find(name);
    if (one !== undefined) all.set(name, one);
  }
  return all;
}

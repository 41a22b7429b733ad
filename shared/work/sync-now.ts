import { type Static, Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

const MOST_SITES = 100;

const syncNowResult = Type.Object({
  sites: Type.Array(Type.Object({ name: nameSchema, revision: count }), {
    maxItems: MOST_SITES,
    description: 'The visible revisions of the sites.',
  }),
  more: Type.Boolean({ description: 'True when there are more sites than the result names.' }),
});
export type SyncNowResult = Static<typeof syncNowResult>;

/**
 * Fetches and activates the revisions that the log demands, without waiting for the next attempt. The work ends when
 * the named site, or every site, shows the revision that the log demanded at the beginning. It fails at an edge that
 * stays behind on purpose.
 */
export const syncNowKind = {
  kind: 'sync-now',
  askers: ['admin-port', 'task'],
  arguments: Type.Object({ site: Type.Optional(nameSchema) }, { additionalProperties: false }),
  result: syncNowResult,
  merge: mergeSynced,
} satisfies WorkKind;

/** Cuts the list to the number of sites that a result may name. */
export function syncedSites(sites: SyncNowResult['sites']): SyncNowResult {
  return { sites: sites.slice(0, MOST_SITES), more: sites.length > MOST_SITES };
}

/** For each site, takes the revision of the edge that is furthest behind. */
function mergeSynced(results: readonly SyncNowResult[]): SyncNowResult {
  const least = new Map<string, number>();
  for (const { name, revision } of results.flatMap(({ sites }) => sites))
    least.set(name, Math.min(revision, least.get(name) ?? revision));
  const { sites, more } = syncedSites([...least].map(([name, revision]) => ({ name, revision })));
  return { sites, more: more || results.some((result) => result.more) };
}

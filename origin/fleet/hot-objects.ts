import type { ContentPath } from '../../shared/content/content-path.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import type { HotObject } from '../reconcile/warm-rule.ts';
import { type EdgeRecord, isOnline, replicatedBy } from './edge-record.ts';

/**
 * The hot objects of an edge are out of date when its newest report is this much newer than they are. An edge sends
 * them twice a minute.
 */
const OLD_MS = 120_000;
/** The maximum number of objects that are looked up: those with the most requests. */
const MOST = 64;

export type HotReads = Pick<Remote<SiteReads>, 'sites'> & Pick<Remote<ManifestReader>, 'entryAt'>;

/** A lazy edge, and whether it replicates a site. */
interface LazyEdge {
  readonly edge: EdgeRecord;
  readonly replicates: (site: string) => boolean;
}

interface Asked {
  readonly region: string;
  readonly site: SiteRow;
  readonly path: string;
  readonly digest: string;
  perMinute: number;
  readonly askedAt: Set<string>;
}

/**
 * The objects that readers of the lazy edges of each region ask for, and the other lazy edges of the region. An object
 * counts only if the live revision of the site has it at the reported path, because an edge may report anything.
 */
export async function hotObjects(
  edges: readonly EdgeRecord[],
  catalog: HotReads,
  monotonic: number,
): Promise<HotObject[]> {
  const lazy = edges
    .filter((edge) => isLazy(edge) && isOnline(edge, monotonic))
    .map((edge): LazyEdge => ({ edge, replicates: replicatedBy(edge) }));
  if (!lazy.some(({ edge: { hot } }) => hot !== null && hot.objects.length > 0)) return [];
  const sites = new Map((await catalog.sites()).map((site) => [site.id, site]));
  const most = askedOf(lazy, sites)
    .sort((a, b) => b.perMinute - a.perMinute)
    .slice(0, MOST);
  const live = await Promise.all(
    most.map(({ site, path }) => catalog.entryAt(site.id, site.revision, path as ContentPath)),
  );
  return most
    .filter(({ digest }, i) => live[i]?.digest === digest)
    .map(({ site, ...asked }) => ({
      ...asked,
      askedAt: [...asked.askedAt],
      site: site.name,
      others: othersOf(lazy, asked.region, site.name, asked.askedAt),
    }));
}

function askedOf(lazy: readonly LazyEdge[], sites: ReadonlyMap<number, SiteRow>): Asked[] {
  const all = new Map<string, Asked>();
  for (const { edge, replicates } of lazy) {
    const { row, report, hot } = edge;
    if (hot === null || (report?.time ?? 0) - hot.time > OLD_MS) continue;
    for (const [id, path, digest, perMinute] of hot.objects) {
      const site = sites.get(id);
      // If a path contains a star, the star would act as a pattern and match other paths, too.
      if (site === undefined || path.includes('*') || !replicates(site.name)) continue;
      const key = JSON.stringify([row.region, id, digest]);
      const asked = all.get(key) ?? {
        region: row.region,
        site,
        path,
        digest,
        perMinute: 0,
        askedAt: new Set(),
      };
      if (asked.askedAt.has(row.name)) continue;
      asked.perMinute += perMinute;
      asked.askedAt.add(row.name);
      all.set(key, asked);
    }
  }
  return [...all.values()];
}

function othersOf(
  lazy: readonly LazyEdge[],
  region: string,
  site: string,
  askedAt: ReadonlySet<string>,
): string[] {
  return lazy
    .filter(({ edge, replicates }) => edge.row.region === region && takesWork(edge) && replicates(site))
    .map(({ edge }) => edge.row.name)
    .filter((name) => !askedAt.has(name));
}

const isLazy = ({ report, isDiverged }: EdgeRecord) => report?.limits.storage === 'lazy' && !isDiverged;

const takesWork = ({ row, report }: EdgeRecord) =>
  !row.paused && !row.drained && (report?.tasks?.kinds ?? []).includes('warm');

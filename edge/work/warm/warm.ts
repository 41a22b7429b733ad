import { runAtMost } from '../../../shared/concurrency/run-at-most.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { SkerryError, toSkerryError } from '../../../shared/errors.ts';
import { purgeMatch } from '../../../shared/site/purge.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import { BUNDLE_OBJECT } from '../../../shared/wire/bundle.ts';
import { MAX_WHY, type WarmResult } from '../../../shared/work/warm.ts';
import type { DiskRoom, ReadThrough } from '../../read-through/read-through.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { isServed } from '../../store/cover.ts';
import type { Run } from '../executor/executor.ts';

const PAGE = 2000;
/** How many small objects are fetched together, in bundles. */
const SMALL_AT_ONCE = 256;
/** The number of parallel fetches. It is low, because readers need bandwidth, too. */
const LARGE_AT_ONCE = 3;

export interface WarmParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly reads: Pick<ReadThrough, 'whole'>;
  /** Undefined for an edge with full storage, which holds everything. */
  readonly lazy: { readonly budget: Pick<DiskRoom, 'room'> } | undefined;
}

/**
 * Fetches the missing objects of a site's active revision, for the named paths or for all. It evicts nothing. After a
 * pause, the next call continues.
 */
export async function warm(
  { catalog, store, reads, lazy }: WarmParts,
  name: string,
  target: { readonly paths: readonly string[]; readonly globs: readonly string[] },
  { signal, pause, progress }: Pick<Run, 'signal' | 'pause' | 'progress'>,
): Promise<WarmResult> {
  const site = await catalog.siteNamed(name);
  if (site === undefined) throw new SkerryError('no-such-site', `this edge has no site ${name}`);
  const { revision } = site.active;
  const isAll = target.paths.length === 0 && target.globs.length === 0;
  const match = purgeMatch({ paths: [...target.paths], globs: [...target.globs], tags: [], all: isAll });
  const ending = AbortSignal.any([signal, pause]);
  const sums = { held: sum(), fetched: sum(), left: sum(), failed: { ...sum(), why: null as string | null } };
  const isNamed = target.paths.length > 0 && target.globs.length === 0;
  let cursor: Awaited<ReturnType<EdgeCatalog['manifestPage']>>['next'];
  do {
    signal.throwIfAborted();
    // A site may have a million files, while the request names only a few paths.
    const page = isNamed
      ? { entries: await entriesAt(catalog, site.id, revision, target.paths), next: undefined }
      : await catalog.manifestPage(site.id, revision, cursor, PAGE);
    const named = page.entries.filter(
      ({ path }) => isServed(path, site.covers) && match(path, () => new Set()),
    );
    const wanted = [...new Map(named.map((entry) => [entry.digest, entry])).values()];
    const missing = new Set(await store.missing(wanted.map(({ digest }) => digest)));
    const jobs = { small: [] as Job[], large: [] as Job[] };
    let room = lazy?.budget.room ?? 0;
    for (const { digest, size } of wanted) {
      if (!missing.has(digest)) add(sums.held, size);
      else if (lazy === undefined || size > room) add(sums.left, size);
      else {
        room -= size;
        (size > BUNDLE_OBJECT ? jobs.large : jobs.small).push(async () => {
          if (ending.aborted) return;
          try {
            await reads.whole('warm', digest, ending);
            add(sums.fetched, size);
            progress({ ...sums.fetched });
          } catch (error) {
            if (ending.aborted) return;
            add(sums.failed, size);
            sums.failed.why ??= toSkerryError(error).message.slice(0, MAX_WHY);
          }
        });
      }
    }
    await runAtMost(SMALL_AT_ONCE, jobs.small);
    await runAtMost(LARGE_AT_ONCE, jobs.large);
    cursor = page.next;
  } while (cursor !== undefined && !ending.aborted);
  return { site: name, revision, ...sums, more: ending.aborted };
}

async function entriesAt(
  catalog: Pick<EdgeCatalog, 'entryAt'>,
  site: number,
  revision: number,
  paths: readonly string[],
): Promise<Entry[]> {
  const entries = paths.map((path) => catalog.entryAt(site, revision, path as ContentPath));
  return (await Promise.all(entries)).filter((entry) => entry !== undefined);
}

type Job = () => Promise<void>;

interface Sum {
  objects: number;
  bytes: number;
}

const sum = (): Sum => ({ objects: 0, bytes: 0 });

function add(amount: Sum, size: number): void {
  amount.objects++;
  amount.bytes += size;
}

import type { Logger } from 'pino';
import { filterInTurns } from '../../../shared/concurrency/filter-in-turns.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import type { ManifestCursor } from '../../../shared/content/manifest/reading.ts';
import { SkerryError } from '../../../shared/errors.ts';
import {
  MOST_PURGED,
  type PurgeTarget,
  purgeMatch,
  TAG_HEADERS,
  tagsIn,
  unitedTarget,
} from '../../../shared/site/purge.ts';
import { HEADERS_FILE } from '../../../shared/site/rules/rule-lines.ts';
import { headersNamed } from '../../../shared/site/rules/site-rules.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import type { EdgeCatalog, EdgeSite, PendingPurge } from '../../store/catalog.ts';
import { isServed } from '../../store/cover.ts';

const PAGE = 2000;
/**
 * If more objects than this are purged, processes forget everything in memory, because that costs less than naming each
 * object.
 */
const MOST_NAMED = 5000;
/** The maximum number of purges of one site that share one pass through its entries. */
const PURGES_AT_ONCE = 500;
const WORK_AT_ONCE = 1000;
/** The maximum number of patterns in one pass: as many as one purge may have. */
const WORK_OF_PATTERN = WORK_AT_ONCE / MOST_PURGED.globs;

export interface PurgeParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  /** Makes processes remove these objects, or all objects, from memory. */
  readonly forget: (digests: readonly Digest[] | 'all') => void;
  /** Resolves when older revisions no longer serve purged paths. */
  readonly shown: () => Promise<void>;
  /** Returns the entries whose objects are damaged on disk. */
  readonly damaged: (entries: readonly Entry[]) => Promise<readonly Entry[]>;
  /** Fetches damaged objects again. */
  readonly repair: () => Promise<unknown>;
  /** At a lazy edge, deletes the matching objects that no other path names, and returns them. */
  readonly drop:
    | ((site: number, target: PurgeTarget, matches: (path: string) => boolean) => Promise<Digest[]>)
    | undefined;
  /** Signs, keeps and reports the receipts of purges. */
  readonly done: (site: number, purges: readonly CarriedOut[]) => Promise<void>;
  readonly log: Logger;
}

/** A purge that was carried out, and the number of visible paths that it matched. */
export interface CarriedOut {
  readonly seq: number;
  readonly matched: number;
}

/**
 * Carries out the pending purges, in the order of the log for each site. Sites take turns, a few purges at a time. If
 * the purges of a site fail, this is logged and does not delay the other sites. Throws when only failed purges are
 * left.
 */
export async function applyPurges(parts: PurgeParts, signal: AbortSignal): Promise<void> {
  const failed = new Set<number>();
  while (!signal.aborted) {
    const sites = (await parts.catalog.sitesToPurge()).filter((site) => !failed.has(site));
    if (sites.length === 0) break;
    for (const site of sites) {
      if (signal.aborted) return;
      await applySome(parts, site, signal).catch((error) => {
        failed.add(site);
        if (!signal.aborted) parts.log.warn({ err: error, site }, 'a purge failed');
      });
    }
  }
  if (failed.size > 0 && !signal.aborted)
    throw new SkerryError('unavailable', `purges of ${failed.size} sites failed`);
}

async function applySome(parts: PurgeParts, id: number, signal: AbortSignal): Promise<void> {
  const purges = oneLook(await parts.catalog.pendingPurges(id, PURGES_AT_ONCE));
  const site = await parts.catalog.site(id);
  const matched = site === undefined ? [] : await apply(parts, site, purges, signal);
  await parts.done(
    id,
    purges.map(({ seq }, i) => ({ seq, matched: matched[i] ?? 0 })),
  );
}

/** The purges, at least one, that the next pass through the site may carry out together. */
function oneLook(purges: readonly PendingPurge[]): PendingPurge[] {
  let work = 0;
  return purges.filter(({ target: { paths, globs, tags } }, i) => {
    work += paths.length + tags.length + WORK_OF_PATTERN * globs.length;
    return i === 0 || work <= WORK_AT_ONCE;
  });
}

/** Carries out the purges in one pass. Returns the number of visible paths that each of them matches. */
async function apply(
  { catalog, store, forget, shown, damaged, repair, drop, log }: PurgeParts,
  site: EdgeSite,
  purges: readonly PendingPurge[],
  signal: AbortSignal,
): Promise<number[]> {
  await shown();
  const digests = new Set<Digest>();
  let isDamaged = false;
  const targets = purges.map((purge) => purge.target);
  const target = unitedTarget(targets);
  const tags = await tagsOf(catalog, store, site, target);
  const matchOf = (one: PurgeTarget) => {
    const match = purgeMatch(one);
    return (path: string) => match(path, () => tags(path));
  };
  const matches = matchOf(target);
  const counted = targets.map((one) => ({ matches: matchOf(one), matched: 0 }));
  for (const digest of (await drop?.(site.id, target, matches)) ?? []) digests.add(digest);
  // Matching and counting share one loop, so that the tags of a path are computed once.
  const isMeant = (path: string) => {
    const isMatched = matches(path);
    if (isMatched) for (const one of counted) if (one.matches(path)) one.matched++;
    return isMatched;
  };
  for await (const entries of matchingEntries(catalog, site, target, isMeant)) {
    signal.throwIfAborted();
    for (const { digest } of entries) if (digests.size <= MOST_NAMED) digests.add(digest);
    const bad = await damaged(entries);
    if (bad.length > 0) {
      log.error({ site: site.name, paths: bad.map(({ path }) => path) }, 'a purge found damaged objects');
      isDamaged = true;
    }
  }
  forget(digests.size > MOST_NAMED ? 'all' : [...digests]);
  if (isDamaged) await repair();
  return counted.map(({ matched }) => matched);
}

/**
 * Returns a function that gives the tags of a path in the active revision. They are computed only if a target names
 * tags.
 */
async function tagsOf(
  catalog: EdgeCatalog,
  store: ObjectStore,
  { id, active }: EdgeSite,
  target: PurgeTarget,
): Promise<(path: string) => ReadonlySet<string>> {
  const isTagged = target.tags.length > 0 && active.revision > 0;
  const file = isTagged ? await headersFile(catalog, store, id, active.revision) : '';
  const headers = headersNamed(file, TAG_HEADERS);
  // The last result is kept, because several purges need the tags of the same path.
  let last: { readonly path: string; readonly tags: ReadonlySet<string> } | undefined;
  return (path) => {
    if (last?.path !== path) last = { path, tags: tagsIn(headers(`/${path}`).set) };
    return last.tags;
  };
}

/** The entries of the active revision that this edge serves, page by page. */
async function* matchingEntries(
  catalog: EdgeCatalog,
  { id, active, covers }: EdgeSite,
  target: PurgeTarget,
  matches: (path: string) => boolean,
): AsyncGenerator<Entry[]> {
  const { revision } = active;
  if (revision === 0) return;
  const isMeant = ({ path }: Entry) => isServed(path, covers) && matches(path);
  if (!target.all && target.globs.length === 0 && target.tags.length === 0) {
    const found = target.paths.map((path) => catalog.entryAt(id, revision, path as ContentPath));
    yield filterInTurns(
      (await Promise.all(found)).filter((entry) => entry !== undefined),
      isMeant,
    );
    return;
  }
  let after: ManifestCursor | undefined;
  do {
    const page = await catalog.manifestPage(id, revision, after, PAGE);
    yield filterInTurns(page.entries, isMeant);
    after = page.next;
  } while (after !== undefined);
}

async function headersFile(
  catalog: EdgeCatalog,
  store: ObjectStore,
  site: number,
  revision: number,
): Promise<string> {
  const entry = await catalog.entryAt(site, revision, HEADERS_FILE);
  const bytes = entry && (await store.open(entry.digest));
  return bytes === undefined ? '' : Buffer.concat((await bytes.toArray()) as Buffer[]).toString('utf8');
}

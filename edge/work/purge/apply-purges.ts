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
/** Above it everything in memory is let go of, which is less work than to name it. */
const MOST_NAMED = 5000;
/** Purges of one site that share a look through it. */
const PURGES_AT_ONCE = 500;
const WORK_AT_ONCE = 1000;
/** As many patterns as one purge may have are worth one look. */
const WORK_OF_PATTERN = WORK_AT_ONCE / MOST_PURGED.globs;

export interface PurgeParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  /** Lets go of what is in memory of these objects, or of everything. */
  readonly forget: (digests: readonly Digest[] | 'all') => void;
  /** Resolves when older revisions answer for what was purged no more. */
  readonly shown: () => Promise<void>;
  /** Those of the entries whose objects are damaged on disk. */
  readonly damaged: (entries: readonly Entry[]) => Promise<readonly Entry[]>;
  /** Fetches what is damaged. */
  readonly repair: () => Promise<unknown>;
  /** Of a lazy edge: drops what matches and nothing else names; gives what went. */
  readonly drop:
    | ((site: number, target: PurgeTarget, matches: (path: string) => boolean) => Promise<Digest[]>)
    | undefined;
  /** Signs, keeps and reports that purges are carried out. */
  readonly done: (site: number, purges: readonly CarriedOut[]) => Promise<void>;
  readonly log: Logger;
}

/** A purge that is carried out, and how many paths of what is shown it matched. */
export interface CarriedOut {
  readonly seq: number;
  readonly matched: number;
}

/**
 * Carries out what purges have come in: of each site some, in the order of the log, and then of the next one. What
 * fails at one site is logged and holds up no other; when nothing else is left, it is thrown that purges failed.
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

/** The first ones, at least one, as many as one look through the site is worth. */
function oneLook(purges: readonly PendingPurge[]): PendingPurge[] {
  let work = 0;
  return purges.filter(({ target: { paths, globs, tags } }, i) => {
    work += paths.length + tags.length + WORK_OF_PATTERN * globs.length;
    return i === 0 || work <= WORK_AT_ONCE;
  });
}

/** How many paths of what is shown each of them matches. */
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
  // Counted where it is matched: the tags of a path are worked out once.
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

/** How the active revision tags a path, as far as the target asks for tags. */
async function tagsOf(
  catalog: EdgeCatalog,
  store: ObjectStore,
  { id, active }: EdgeSite,
  target: PurgeTarget,
): Promise<(path: string) => ReadonlySet<string>> {
  const isTagged = target.tags.length > 0 && active.revision > 0;
  const file = isTagged ? await headersFile(catalog, store, id, active.revision) : '';
  const headers = headersNamed(file, TAG_HEADERS);
  // Many purges ask for the tags of one path after another.
  let last: { readonly path: string; readonly tags: ReadonlySet<string> } | undefined;
  return (path) => {
    if (last?.path !== path) last = { path, tags: tagsIn(headers(`/${path}`).set) };
    return last.tags;
  };
}

/** Entries of the active revision that this edge serves, a page at a time. */
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

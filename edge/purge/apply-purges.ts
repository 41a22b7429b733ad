import type { Logger } from 'pino';
import type { ContentPath } from '../../shared/content-path.ts';
import type { Digest } from '../../shared/digest.ts';
import type { Entry } from '../../shared/entry.ts';
import type { ManifestCursor } from '../../shared/manifest/reading.ts';
import { type PurgeTarget, purgeMatch, tagsIn } from '../../shared/purge.ts';
import { HEADERS_FILE } from '../../shared/site-rules/rule-lines.ts';
import { siteRules } from '../../shared/site-rules/site-rules.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { isServed } from '../follow/cover.ts';
import type { EdgeCatalog, EdgeSite, PendingPurge } from '../store/catalog.ts';

const PAGE = 2000;
/** Above it everything in memory is let go of, which is less work than to name it. */
const MOST_NAMED = 5000;

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
  /** Signs, keeps and reports that the purge is carried out. */
  readonly done: (purge: PendingPurge, matched: number) => Promise<void>;
  readonly log: Logger;
}

/** Carries out, in the order of the log, what purges have come in. */
export async function applyPurges(parts: PurgeParts, signal: AbortSignal): Promise<void> {
  for (const purge of await parts.catalog.pendingPurges()) {
    if (signal.aborted) return;
    const site = (await parts.catalog.sites()).find(({ id }) => id === purge.site);
    await parts.done(purge, site === undefined ? 0 : await apply(parts, site, purge.target, signal));
  }
}

/** How many paths of what is shown match. */
async function apply(
  { catalog, store, forget, shown, damaged, repair, drop, log }: PurgeParts,
  site: EdgeSite,
  target: PurgeTarget,
  signal: AbortSignal,
): Promise<number> {
  await shown();
  const digests = new Set<Digest>();
  let matched = 0;
  let isDamaged = false;
  const matches = await matching(catalog, store, site, target);
  for (const digest of (await drop?.(site.id, target, matches)) ?? []) digests.add(digest);
  for await (const entries of matchingEntries(catalog, site, target, matches)) {
    signal.throwIfAborted();
    matched += entries.length;
    for (const { digest } of entries) if (digests.size <= MOST_NAMED) digests.add(digest);
    const bad = await damaged(entries);
    if (bad.length > 0) {
      log.error({ site: site.name, paths: bad.map(({ path }) => path) }, 'a purge found damaged objects');
      isDamaged = true;
    }
  }
  forget(digests.size > MOST_NAMED ? 'all' : [...digests]);
  if (isDamaged) await repair();
  return matched;
}

/** Whether a path is meant, as the active revision tags it. */
async function matching(
  catalog: EdgeCatalog,
  store: ObjectStore,
  { id, active }: EdgeSite,
  target: PurgeTarget,
): Promise<(path: string) => boolean> {
  const isTagged = target.tags.length > 0 && active.revision > 0;
  const rules = siteRules(isTagged ? await headersFile(catalog, store, id, active.revision) : '', '');
  const match = purgeMatch(target);
  return (path) => match(path, () => tagsIn(rules.headers(`/${path}`).set));
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
    yield (await Promise.all(found)).filter((entry) => entry !== undefined).filter(isMeant);
    return;
  }
  let after: ManifestCursor | undefined;
  do {
    const page = await catalog.manifestPage(id, revision, after, PAGE);
    yield page.entries.filter(isMeant);
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

import type { Clock } from '../../shared/clock.ts';
import type { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { alsoAhead, type ObjectsAhead } from '../../shared/feed/objects-ahead.ts';
import type { ReportCalls } from '../../shared/feed/report-calls.ts';
import type { Head } from '../../shared/log/head.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import type { Wants } from '../../shared/wire/wants.ts';
import { namedBeside, newestHeld, showsAliases } from '../follow/sync/alias-plan.ts';
import { isWanted } from '../follow/sync/next-step-plan.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { Children } from './children.ts';
import { RelayedJoins } from './relayed-joins.ts';

export interface ParentFeedParts {
  readonly name: string;
  readonly log: string;
  readonly catalog: EdgeCatalog;
  readonly objectsFor: (member: string) => ObjectStore;
  readonly held: ObjectStore;
  readonly encodings: Encodings;
  readonly children: Children;
  readonly upstreams: Upstreams;
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  readonly changed: Wakeup;
  readonly calls: ReportCalls;
  readonly ahead: ObjectsAhead;
  /** The names of the edges on the path from this edge's upstream to the origin. */
  readonly path: () => readonly string[];
  readonly head: () => Head | undefined;
  readonly stopping: AbortSignal;
}

/** The feed of an edge that is a parent. It passes on data that the origin signed and this edge has verified. */
export function parentFeed(parts: ParentFeedParts): FeedSource {
  const {
    name,
    log,
    catalog,
    objectsFor,
    held,
    encodings,
    children,
    upstreams,
    limits,
    clock,
    changed,
    ahead,
  } = parts;
  const joins = new RelayedJoins(parts.stopping);
  return {
    log,
    clock,
    members: children,
    objectsFor,
    held,
    manifests: alsoAhead(catalog, ahead),
    ahead,
    encodings,
    changed,
    calls: parts.calls,
    async siteIds(names) {
      const named = (await catalog.sites()).filter((site) => names.includes(site.name));
      return named.map(({ id }) => id).sort((a, b) => a - b);
    },
    path: () => [name, ...parts.path()],
    admit: (wants) => refuseMore(wants, limits, name),
    firstSeq: () => catalog.firstSeq(),
    records: (from, limit) => catalog.records(from, limit),

    async head() {
      const head = parts.head() ?? (await catalog.signedHead());
      if (head === undefined)
        throw new SkerryError('unavailable', 'this edge has not received a head from the origin yet');
      return head;
    },

    async holds(id, revision) {
      const site = await catalog.site(id);
      if (site === undefined || !isWanted(site, limits)) return 'absent';
      const coming = [
        ...site.activations,
        ...(site.proposal === null ? [] : [site.proposal]),
        ...(showsAliases(limits) && revision > newestHeld(site) ? namedBeside(site) : []),
      ];
      // A prepared revision that was aborted is still staged, until its rows are removed.
      const isPrepared =
        site.prepared === revision && coming.some((milestone) => milestone.revision === revision);
      // Of a kept revision, children first need only the manifest.
      const isKept = site.kept.some((kept) => kept.revision === revision);
      if (isPrepared || isKept || (await catalog.held(id)).includes(revision)) return 'held';
      return coming.some((milestone) => milestone.revision >= revision) ? 'coming' : 'absent';
    },

    greet: (edgeNonce, client) =>
      joins.pass(client, (signal) => upstreams.current.joinHello(edgeNonce, signal)),
    join: (request, client) => joins.pass(client, (signal) => upstreams.current.join(request, signal)),
  };
}

/** Throws if a child wants more than its parent holds. It may want less. */
function refuseMore(wants: Wants, limits: EdgeLimits, name: string): void {
  if (!isWithin(wants.sites, limits.sites, (site, all) => all.includes(site)))
    throw new SkerryError('beyond-parent', `${name} holds only the sites ${limits.sites?.join(', ')}`);
  if (
    !isWithin(wants.prefixes, limits.prefixes, (prefix, all) => all.some((held) => prefix.startsWith(held)))
  )
    throw new SkerryError('beyond-parent', `${name} holds only paths under ${limits.prefixes?.join(', ')}`);
}

function isWithin(
  wanted: readonly string[] | null,
  held: readonly string[] | null,
  covers: (item: string, held: readonly string[]) => boolean,
): boolean {
  if (held === null) return true;
  return wanted?.every((item) => covers(item, held)) ?? false;
}

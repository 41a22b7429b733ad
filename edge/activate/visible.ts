import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { aliasHosts, aliasSuffixes } from '../../shared/site/alias.ts';
import { type ShowingEdge, type Shown, shownAt } from '../follow/sync/rollout-plan.ts';
import type { FormerAssets, SiteView } from '../messages/views.ts';
import type { EdgeAlias, EdgeCatalog, EdgeSite } from '../store/catalog.ts';

/** Switches all serving processes to other views. */
export interface ViewSwitch {
  /** Resolves when no serving process answers from older views any more. */
  show(views: readonly SiteView[]): Promise<void>;
}

/**
 * The revisions that readers can see. A revision that is active in the catalog becomes visible when every serving
 * process has confirmed it. Until then, the edge does not report it.
 */
export class Visible {
  readonly #catalog: EdgeCatalog;
  readonly #processes: ViewSwitch;
  readonly #becameVisible: (site: EdgeSite, shown: Shown) => Promise<void>;
  readonly #isWanted: (site: EdgeSite) => boolean;
  readonly #self: () => ShowingEdge;
  readonly #switches = new KeyedLock<'switch'>();
  #revisions = new Map<number, number>();
  /** For each site, the revisions that its aliases show. */
  #aliases = new Map<number, ReadonlyMap<string, number>>();
  #shown = '';

  private constructor(
    catalog: EdgeCatalog,
    processes: ViewSwitch,
    becameVisible: (site: EdgeSite, shown: Shown) => Promise<void>,
    isWanted: (site: EdgeSite) => boolean,
    self: () => ShowingEdge,
  ) {
    this.#isWanted = isWanted;
    this.#self = self;
    this.#catalog = catalog;
    this.#processes = processes;
    this.#becameVisible = becameVisible;
  }

  /** The views with which serving processes start. */
  static async views(
    catalog: EdgeCatalog,
    isWanted: (site: EdgeSite) => boolean,
    self: ShowingEdge,
  ): Promise<SiteView[]> {
    return (await catalog.sites())
      .filter(isWanted)
      .flatMap((site) => toViews(site, shownAt(site, self), { ...self, keepsUp: true }));
  }

  static async open(
    catalog: EdgeCatalog,
    processes: ViewSwitch,
    becameVisible: (site: EdgeSite, shown: Shown) => Promise<void>,
    isWanted: (site: EdgeSite) => boolean,
    self: () => ShowingEdge,
  ): Promise<Visible> {
    const visible = new Visible(catalog, processes, becameVisible, isWanted, self);
    await visible.show();
    return visible;
  }

  revision(site: number): number {
    return this.#revisions.get(site) ?? 0;
  }

  /** The revision that readers see under an alias, or 0. */
  underAlias(site: number, alias: string): number {
    return this.#aliases.get(site)?.get(alias) ?? 0;
  }

  /** Makes the active revisions of the catalog visible, unless they are visible already. */
  show(): Promise<void> {
    // Switches run one at a time: if a view changes back during a switch, it must be compared with the views of that
    // switch.
    return this.#switches.run('switch', () => this.#show());
  }

  async #show(): Promise<void> {
    const sites = (await this.#catalog.sites()).filter(this.#isWanted);
    const self = this.#self();
    const shown = sites.map((site) => ({ site, shown: shownAt(site, self) }));
    const views = shown.flatMap((one) => toViews(one.site, one.shown, self));
    const key = JSON.stringify(views);
    if (key !== this.#shown) await this.#processes.show(views);
    this.#shown = key;
    this.#revisions = new Map(shown.map(({ site, shown }) => [site.id, shown.revision]));
    this.#aliases = underAliases(views);
    for (const one of shown) if (one.shown.revision > 0) await this.#becameVisible(one.site, one.shown);
  }
}

/** Whether a site is served only while the edge has a lease. An edge that stays behind on purpose needs none. */
export function needsLease({ policy }: Pick<EdgeSite, 'policy'>, keepsUp: boolean): boolean {
  return keepsUp && policy.mode === 'sync' && policy.sync.withoutLease === 'refuse';
}

/** The views of a site: what is shown under its own names, and what its aliases show. */
function toViews(
  site: EdgeSite,
  shown: Shown,
  { keepsUp, showsAliases }: Pick<ShowingEdge, 'keepsUp' | 'showsAliases'>,
): SiteView[] {
  const { id, name, domains, active, covers, policy, rollout } = site;
  const live: SiteView = {
    ...{ id, name, domains, revision: shown.revision, prefixes: shown.covers.prefixes },
    needsLease: needsLease(site, keepsUp),
    former: { ...former(site), beside: besideOf(shown) },
    trial: shown.isTrial
      ? { base: active.revision, prefixes: covers.prefixes, paths: rollout?.paths ?? [] }
      : null,
    private: policy.private,
    alias: null,
    aliasSuffixes: aliasSuffixes(site),
  };
  const aliases = showsAliases ? site.aliases : [];
  return [live, ...aliases.flatMap((alias) => aliasView(site, live, alias))];
}

function underAliases(views: readonly SiteView[]): Map<number, Map<string, number>> {
  const all = new Map<number, Map<string, number>>();
  for (const { id, revision, alias } of views)
    if (alias !== null) all.set(id, (all.get(id) ?? new Map<string, number>()).set(alias.name, revision));
  return all;
}

const NO_FORMER: FormerAssets = { revisions: [], paths: null, purges: [], beside: null };

function aliasView(site: EdgeSite, live: SiteView, { name, shown, expires }: EdgeAlias): SiteView[] {
  const covers = site.kept.find(({ revision }) => revision === shown)?.covers;
  if (covers == null) return [];
  const { previews, private: some } = site.policy;
  return [
    {
      ...live,
      domains: aliasHosts(site, name),
      revision: shown,
      prefixes: covers.prefixes,
      former: NO_FORMER,
      trial: null,
      private: previews.private && some !== null ? { ...some, paths: ['/*'] } : some,
      alias: { name, expires },
    },
  ];
}

const HOUR_MS = 3_600_000;

function besideOf({ beside, revision }: Shown): FormerAssets['beside'] {
  return beside === null ? null : { revision: beside, isNewer: beside > revision };
}

function former({ former, policy, purges }: EdgeSite): Omit<FormerAssets, 'beside'> {
  const { hours, paths } = policy.formerAssets;
  const revisions = former.map(({ revision, ended }) => ({ revision, until: ended + hours * HOUR_MS }));
  const oldest = Math.min(...revisions.map(({ revision }) => revision));
  return { revisions, paths, purges: purges.filter(({ revision }) => revision >= oldest) };
}

import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';
import type { SiteView } from './messages.ts';

/** Shows views in all serving processes; resolves when nothing answers from older ones any more. */
export interface Shows {
  show(views: readonly SiteView[]): Promise<void>;
}

/**
 * What readers can see. A revision that the catalog calls active becomes visible when every serving process
 * has confirmed it, and only then is it told to anyone.
 */
export class Visible {
  readonly #catalog: EdgeCatalog;
  readonly #processes: Shows;
  readonly #becameVisible: (site: EdgeSite) => Promise<void>;
  #revisions = new Map<number, number>();
  #shown = '';

  private constructor(
    catalog: EdgeCatalog,
    processes: Shows,
    becameVisible: (site: EdgeSite) => Promise<void>,
  ) {
    this.#catalog = catalog;
    this.#processes = processes;
    this.#becameVisible = becameVisible;
  }

  /** The views that serving processes start with. */
  static async views(catalog: EdgeCatalog): Promise<SiteView[]> {
    return (await catalog.sites()).map(toView);
  }

  static async open(
    catalog: EdgeCatalog,
    processes: Shows,
    becameVisible: (site: EdgeSite) => Promise<void>,
  ): Promise<Visible> {
    const visible = new Visible(catalog, processes, becameVisible);
    await visible.show();
    return visible;
  }

  revision(site: number): number {
    return this.#revisions.get(site) ?? 0;
  }

  /** Shows what the catalog says now, unless it is shown already. */
  async show(): Promise<void> {
    const sites = await this.#catalog.sites();
    const views = sites.map(toView);
    const key = JSON.stringify(views);
    if (key !== this.#shown) await this.#processes.show(views);
    this.#shown = key;
    this.#revisions = new Map(sites.map(({ id, active }) => [id, active.revision]));
    for (const site of sites) if (site.active.revision > 0) await this.#becameVisible(site);
  }
}

function toView({ id, name, domains, active }: EdgeSite): SiteView {
  return { id, name, domains, revision: active.revision };
}

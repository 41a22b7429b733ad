import type { SiteView } from '../../messages/views.ts';

/** Finds the site of a request by its Host. */
export interface SiteSelection {
  /**
   * By domain, by the longest wildcard domain that it ends in, by `<site>.localhost`, else the only site there is;
   * undefined when none fits.
   */
  find(host: string | undefined): SiteView | undefined;
}

export function siteSelection(views: readonly SiteView[]): SiteSelection {
  const byHost = new Map<string, SiteView>();
  // The origin gives no two sites the same names; were it to, the older site would keep them.
  for (const view of views.toSorted((a, b) => b.id - a.id))
    for (const domain of view.domains) byHost.set(domain, view);
  // Last: no site can take the local name of another by naming it as its domain.
  for (const view of views) byHost.set(`${view.name}.localhost`, view);
  const only = views.length === 1 ? views[0] : undefined;
  const hasWildcards = [...byHost.keys()].some((domain) => domain.startsWith('*.'));

  return {
    find(host) {
      const name = hostName(host);
      return byHost.get(name) ?? (hasWildcards ? byWildcard(name) : undefined) ?? only;
    },
  };

  function byWildcard(name: string): SiteView | undefined {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const view = byHost.get(`*${name.slice(dot)}`);
      if (view !== undefined) return view;
    }
    return undefined;
  }
}

/** Lower case, without port and without the dot of a fully qualified name. */
export function hostName(host: string | undefined): string {
  const withoutPort = (host ?? '').replace(/:[0-9]*$/, '');
  return withoutPort.replace(/\.$/, '').toLowerCase();
}

import type { SiteView } from '../../messages/views.ts';
import type { SiteHandler } from './site-handler.ts';

/** Finds what answers a request, by its Host. */
export interface SiteSelection<Handler = SiteHandler> {
  /**
   * By domain, by the longest wildcard domain that it ends in, by `<site>.localhost`, else the only site there is;
   * undefined when none fits.
   */
  find(host: string | undefined): Handler | undefined;
}

/** `handlerOf` is called once for each view. */
export function siteSelection<Handler>(
  views: readonly SiteView[],
  handlerOf: (view: SiteView) => Handler,
): SiteSelection<Handler> {
  const sites = views.map((view) => ({ ...view, handler: handlerOf(view) }));
  const byHost = new Map<string, Handler>();
  // The origin gives no two sites the same names; were it to, the older site would keep them.
  for (const { domains, handler } of sites.toSorted((a, b) => b.id - a.id))
    for (const domain of domains) byHost.set(domain, handler);
  // Last: no site can take the local name of another by naming it as its domain.
  for (const { name, handler } of sites) byHost.set(`${name}.localhost`, handler);
  const only = sites.length === 1 ? sites[0]?.handler : undefined;
  const hasWildcards = [...byHost.keys()].some((domain) => domain.startsWith('*.'));

  return {
    find(host) {
      const name = hostName(host);
      return byHost.get(name) ?? (hasWildcards ? byWildcard(name) : undefined) ?? only;
    },
  };

  function byWildcard(name: string): Handler | undefined {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const handler = byHost.get(`*${name.slice(dot)}`);
      if (handler !== undefined) return handler;
    }
    return undefined;
  }
}

/** Lower case, without port and without the dot of a fully qualified name. */
export function hostName(host: string | undefined): string {
  const withoutPort = (host ?? '').replace(/:[0-9]*$/, '');
  return withoutPort.replace(/\.$/, '').toLowerCase();
}

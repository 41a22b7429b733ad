import type { SiteView } from '../../messages/views.ts';
import type { SiteHandler } from './site-handler.ts';

/** Finds the handler of a request by its Host. */
export interface SiteSelection<Handler = SiteHandler> {
  /**
   * Finds a site by its domain, by the longest wildcard domain that matches, or by `<site>.localhost`. An edge with
   * only one site uses it for all other hosts, except for the hosts of aliases. Undefined if no site fits.
   */
  find(host: string | undefined): Handler | undefined;
}

/** Calls `handlerOf` once for each view. */
export function siteSelection<Handler>(
  views: readonly SiteView[],
  handlerOf: (view: SiteView) => Handler,
): SiteSelection<Handler> {
  const sites = views.map((view) => ({ ...view, handler: handlerOf(view) }));
  const byHost = new Map<string, Handler>();
  const live = sites.filter(({ alias }) => alias === null);
  // Whatever is added later wins. So no alias can have the host of a site, and no site the local name of another one.
  for (const { domains, handler } of sites.filter(({ alias }) => alias !== null))
    for (const domain of domains) byHost.set(domain, handler);
  // The origin assigns a domain to only one site. If two sites had the same domain, the older site would keep it.
  for (const { domains, handler } of live.toSorted((a, b) => b.id - a.id))
    for (const domain of domains) byHost.set(domain, handler);
  for (const { name, handler } of live) byHost.set(`${name}.localhost`, handler);
  const only = live.length === 1 ? live[0] : undefined;
  const hasWildcards = [...byHost.keys()].some((domain) => domain.startsWith('*.'));

  return {
    find(host) {
      const name = hostName(host);
      return byHost.get(name) ?? (hasWildcards ? byWildcard(name) : undefined) ?? otherwise(name);
    },
  };

  /** A reader who asks for an alias that does not exist must not take the live content for it. */
  function otherwise(name: string): Handler | undefined {
    return only?.aliasSuffixes.some((suffix) => name.endsWith(suffix)) ? undefined : only?.handler;
  }

  function byWildcard(name: string): Handler | undefined {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const handler = byHost.get(`*${name.slice(dot)}`);
      if (handler !== undefined) return handler;
    }
    return undefined;
  }
}

/** The host in lower case, without its port and without the final dot of a fully qualified name. */
export function hostName(host: string | undefined): string {
  const withoutPort = (host ?? '').replace(/:[0-9]*$/, '');
  return withoutPort.replace(/\.$/, '').toLowerCase();
}

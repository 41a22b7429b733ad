import type { Entry } from '../../../shared/content/entry.ts';
import { knownMediaType } from '../../../shared/content/media-type.ts';
import type { RedirectMatch, SiteRules } from '../../../shared/site/rules/site-rules.ts';
import { encodePath, type RequestPath, requestPath } from '../http/request-path.ts';
import { redirectLocation, rewritePath } from './redirect-target.ts';
import { errorPage, type Lookup, resolve } from './resolve.ts';

/** The destination of a request. */
export type Route =
  | {
      readonly kind: 'entry';
      readonly entry: Entry;
      readonly status: number;
      /** Whether the entry's path is the requested path. */
      readonly isExact: boolean;
      /** The older revision that has the asset. Undefined for the active revision. */
      readonly revision: number | undefined;
    }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** The target of a redirect would be too long for a `Location`. */
  | { readonly kind: 'too-long' }
  | { readonly kind: 'absent' };

/** The content and rules of a site, as routing sees them. */
export interface RoutedSite {
  readonly rules: SiteRules;
  readonly lookup: Lookup;
  /** An asset of an older revision, which pages of that revision may still request. */
  formerAsset(request: RequestPath): { readonly entry: Entry; readonly revision: number } | undefined;
}

/**
 * Finds the destination of a request. Forced rules come first, then published content, then assets of older revisions,
 * then the other rules. Only the first matching rule counts. If nothing matches, the nearest `404.html` is sent.
 */
export function route(request: RequestPath, query: string, site: RoutedSite): Route {
  const rule = request.kind === 'malformed' ? undefined : site.rules.redirect(request.text);
  if (rule?.rule.isForced) return byRule(rule, request, query, site);
  const published = resolve(request, site.lookup);
  switch (published.kind) {
    case 'entry':
      return { ...published, status: 200, revision: undefined };
    case 'folder':
      return { kind: 'redirect', status: 301, location: `${encodePath(published.folder)}/${query}` };
    case 'absent': {
      const former = site.formerAsset(request);
      if (former !== undefined) return { kind: 'entry', status: 200, isExact: true, ...former };
      return rule === undefined ? absent(request, site) : byRule(rule, request, query, site);
    }
  }
}

function byRule(match: RedirectMatch, request: RequestPath, query: string, site: RoutedSite): Route {
  const { status, pattern } = match.rule;
  if (status !== 200 && status !== 404 && status !== 410) {
    const location = redirectLocation(match, query);
    return location === undefined ? { kind: 'too-long' } : { kind: 'redirect', status, location };
  }
  const path = rewritePath(match);
  const target = path === undefined ? undefined : resolve(requestPath(encodePath(path)), site.lookup);
  if (target?.kind !== 'entry') return absent(request, site);
  // The response to a request for a missing script must not be the page that requests it.
  const isPageForAsset =
    pattern.only === undefined && target.entry.type === 'text/html' && asksForAsset(request);
  if (status === 200 && isPageForAsset) return absent(request, site);
  return { kind: 'entry', entry: target.entry, status, isExact: false, revision: undefined };
}

function absent(request: RequestPath, { lookup }: RoutedSite): Route {
  const page = errorPage(request, lookup);
  if (page === undefined) return { kind: 'absent' };
  return { kind: 'entry', entry: page, status: 404, isExact: false, revision: undefined };
}

/** Endings that belong both to media types and to host names, as in an e-mail address at the end of a path. */
const HOST_ENDING = /\.(com|org)$/i;

function asksForAsset(request: RequestPath): boolean {
  if (request.kind !== 'file' || HOST_ENDING.test(request.path)) return false;
  const type = knownMediaType(request.path);
  return type !== undefined && type !== 'text/html' && type !== 'application/xhtml+xml';
}

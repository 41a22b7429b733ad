import type { RedirectMatch } from '../../shared/site-rules/site-rules.ts';
import { fill } from '../../shared/site-rules/site-rules.ts';

/**
 * The `Location` of a redirect rule. What placeholders stand for is encoded anew; the query of the request goes on
 * where the rule gives none. No result begins with two slashes: that would name another host (RFC 3986, 4.2).
 */
export function redirectLocation({ rule, captures }: RedirectMatch, query: string): string {
  const [, authority = '', rest = ''] = /^(https?:\/\/[^/?#]*)?(.*)$/is.exec(rule.target) ?? [];
  const filled = fill(rest, captures, (capture) =>
    capture.toWellFormed().split('/').map(encodeURIComponent).join('/'),
  );
  const location = authority + (authority === '' ? filled.replace(/^\/{2,}/, '/') : filled);
  if (query === '' || rest.includes('?')) return location;
  const fragment = location.indexOf('#');
  return fragment === -1 ? location + query : location.slice(0, fragment) + query + location.slice(fragment);
}

/** The decoded path, with its slash, of the page that a rule answers with; undefined when it is no path. */
export function rewritePath({ rule, captures }: RedirectMatch): string | undefined {
  try {
    return fill(decodeURIComponent(rule.target), captures, (capture) => capture);
  } catch {
    return undefined;
  }
}

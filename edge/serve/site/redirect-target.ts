import { MAX_PATH_BYTES } from '../../../shared/content/content-path.ts';
import { LONGEST_LOCATION } from '../../../shared/site/rules/limits.ts';
import type { RedirectMatch } from '../../../shared/site/rules/site-rules.ts';

/**
 * The `Location` of a redirect rule; undefined when it would be too long. What placeholders stand for is encoded anew;
 * the query of the request goes on where the rule gives none. No result begins with two slashes: that would name
 * another host (RFC 3986, 4.2).
 */
export function redirectLocation({ rule, captures }: RedirectMatch, query: string): string | undefined {
  const { authority, rest, hasQuery } = rule.target;
  const filled = rest.fill(captures, encodeSegments, LONGEST_LOCATION);
  if (filled === undefined) return undefined;
  const location = withQuery(
    authority + (authority === '' ? filled.replace(/^\/{2,}/, '/') : filled),
    hasQuery ? '' : query,
  );
  return location.length > LONGEST_LOCATION ? undefined : location;
}

function withQuery(location: string, query: string): string {
  const fragment = location.indexOf('#');
  return fragment === -1 ? location + query : location.slice(0, fragment) + query + location.slice(fragment);
}

function encodeSegments(capture: string): string {
  return capture.toWellFormed().split('/').map(encodeURIComponent).join('/');
}

/** The decoded path, with its slash, of the page that a rule answers with; undefined when it is that of no page. */
export function rewritePath({ rule, captures }: RedirectMatch): string | undefined {
  // With the slashes at both ends.
  return rule.target.rest.fill(captures, (capture) => capture, MAX_PATH_BYTES + 2);
}

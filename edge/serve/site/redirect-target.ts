import { MAX_PATH_BYTES } from '../../../shared/content/content-path.ts';
import { LONGEST_LOCATION } from '../../../shared/site/rules/limits.ts';
import type { RedirectMatch } from '../../../shared/site/rules/site-rules.ts';

/**
 * The `Location` of a redirect rule. Undefined if it would be too long. The values of placeholders are encoded again,
 * and the query of the request is kept if the rule has none. A path never begins with two slashes, since that would
 * name another host (RFC 3986, 4.2).
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

/** The decoded path, with its first slash, to which a rule rewrites. Undefined when no page can have that path. */
export function rewritePath({ rule, captures }: RedirectMatch): string | undefined {
  // Two more bytes allow for the slashes at both ends.
  return rule.target.rest.fill(captures, (capture) => capture, MAX_PATH_BYTES + 2);
}

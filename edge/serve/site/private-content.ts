import { compiledPattern } from '../../../shared/site/rules/compiled-pattern.ts';
import { ACCESS_TOKEN, admits } from '../../../shared/site/signed-url.ts';
import type { PrivateContent } from '../../messages/views.ts';
import type { ReaderRequest } from './decide.ts';

/** Whether a path is private. `path` is decoded, with its first slash. */
export function isPrivate(path: string, content: PrivateContent | null): boolean {
  // An unreadable pattern makes everything private.
  const matches = (text: string) => {
    const pattern = compiledPattern(text);
    return pattern === undefined || pattern.match(path) !== undefined;
  };
  return content?.paths.some(matches) ?? false;
}

/** Whether the reader may read the path. `now` is the time of the log. */
export function mayRead(path: string, asked: ReaderRequest, { keys }: PrivateContent, now: number): boolean {
  return admits(tokenOf(asked), { keys, path, client: asked.client, now });
}

/** The token from the query, or from a cookie if the query has none. */
function tokenOf({ target, headers }: ReaderRequest): string | undefined {
  const query = target.indexOf('?');
  const named = query === -1 ? null : new URLSearchParams(target.slice(query)).get(ACCESS_TOKEN);
  if (named !== null) return named;
  const cookies = (headers.cookie ?? '').split(/;\s*/);
  return cookies.find((cookie) => cookie.startsWith(`${ACCESS_TOKEN}=`))?.slice(ACCESS_TOKEN.length + 1);
}

import { ByteCache } from '../byte-cache.ts';
import { verifyEdgeToken } from '../edge-token.ts';
import type { PublicKey } from '../keys.ts';
import type { FeedSource } from './feed-source.ts';

const BYTES = 1024 * 1024;
/** Well within the life of a token; a member that is revoked meanwhile is refused at once all the same. */
const KNOWN_MS = 30_000;

/**
 * Whose token it is; throws `unauthenticated`. An edge sends one token many times, and checking its signature costs
 * more than answering most requests.
 */
export function knownTokens({ log, clock, members }: Pick<FeedSource, 'log' | 'clock' | 'members'>) {
  const known = new ByteCache<
    string,
    { readonly name: string; readonly key: PublicKey | undefined; readonly until: number }
  >({
    bytes: BYTES,
    sizeOf: ({ name }) => name.length,
  });
  return async (authorization: string | undefined): Promise<string> => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const found = known.get(token);
    if (
      found !== undefined &&
      clock.monotonic() < found.until &&
      found.key !== undefined &&
      members.keyOf(found.name) === found.key
    )
      return found.name;
    const name = await verifyEdgeToken(token, log, clock.now(), (member) => members.keyOf(member));
    known.set(token, { name, key: members.keyOf(name), until: clock.monotonic() + KNOWN_MS });
    return name;
  };
}

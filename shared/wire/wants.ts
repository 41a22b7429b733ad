import { SkerryError } from '../errors.ts';
import { MOST_LIMITS } from './protocol.ts';

/**
 * The maximum number of characters for the sites and prefixes of an edge in the URL of a request to follow the log. The
 * head of a request may have 16 KB, and also carries the proof.
 */
export const MOST_WANTS = 12 * 1024;

/** The sites and path prefixes that a follower wants to replicate. Null means all. */
export interface Wants {
  readonly sites: readonly string[] | null;
  readonly prefixes: readonly string[] | null;
}

/** The value of the query parameter `wants`. Throws `bad-config` when an upstream would refuse it. */
export function wantsText({ sites, prefixes }: Wants): string {
  const text = JSON.stringify({ sites, prefixes });
  const { length } = new URLSearchParams({ wants: text }).toString();
  const isTooMany = [sites, prefixes].some((each) => each !== null && each.length > MOST_LIMITS);
  if (isTooMany || length > MOST_WANTS)
    throw new SkerryError(
      'bad-config',
      `--sites and --prefix name too much: they take ${length} characters in a request (at most ${MOST_WANTS}), and each may name ${MOST_LIMITS}`,
    );
  return text;
}

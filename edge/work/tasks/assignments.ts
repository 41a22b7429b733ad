import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { hasCode } from '../../../shared/errors.ts';
import { type Assignment, parseAssignments } from '../../../shared/work/assignment.ts';

/** The result of a grant: the current list, or the fact that it did not arrive. */
export type Taken =
  | { readonly kind: 'list'; readonly list: readonly Assignment[]; readonly isUnreadable: boolean }
  | { readonly kind: 'missing' | 'altered' };

interface Signed {
  readonly digest: Digest | null;
  readonly list: readonly Assignment[];
}

const EMPTY: Signed = { digest: null, list: [] };

/**
 * The list of assignments that the origin signed last. Each grant names the list, which accompanies the grant only if
 * the edge has a different one. The list is not stored. After a restart, the first report names no list, so the origin
 * sends it again.
 */
export class Assignments {
  #last: Signed = EMPTY;

  /** The digest of the list. Null for an empty list. */
  get digest(): Digest | null {
    return this.#last.digest;
  }

  take(digest: Digest | null, text: string | undefined): Taken {
    let isUnreadable = false;
    if (digest === null) this.#last = EMPTY;
    else if (digest !== this.#last.digest) {
      if (text === undefined) return { kind: 'missing' };
      if (digestOf(text) !== digest) return { kind: 'altered' };
      const list = readable(text);
      isUnreadable = list === undefined;
      this.#last = { digest, list: list ?? [] };
    }
    return { kind: 'list', list: this.#last.list, isUnreadable };
  }
}

/**
 * Parses a list. Returns undefined if this version does not know its format. Such a list still replaces the previous
 * one.
 */
function readable(text: string): Assignment[] | undefined {
  try {
    return parseAssignments(text);
  } catch (error) {
    if (hasCode(error, 'upstream-protocol')) return undefined;
    throw error;
  }
}

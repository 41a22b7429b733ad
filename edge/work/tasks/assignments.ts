import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { type Assignment, parseAssignments } from '../../../shared/work/assignment.ts';

/** The outcome of an answer: a list took effect, the list is still missing, or nothing changed. */
type Taken =
  | { readonly kind: 'list'; readonly list: readonly Assignment[] }
  | { readonly kind: 'missing' | 'same' };

/**
 * The list of assignments that the origin's newest grant names. The list travels beside the grant, and only when the
 * edge has another one. Until it arrives, the old list stays in effect.
 */
export class Assignments {
  #digest: Digest | null = null;

  /** The digest of the list that is in effect. Null for an empty list. */
  get digest(): Digest | null {
    return this.#digest;
  }

  /** Throws `upstream-protocol` for a list that the grant does not name, or that has another form. */
  take(digest: Digest | null, text: string | undefined): Taken {
    if (digest === this.#digest) return { kind: 'same' };
    if (digest === null) {
      this.#digest = null;
      return { kind: 'list', list: [] };
    }
    if (text === undefined) return { kind: 'missing' };
    if (digestOf(text) !== digest)
      throw new SkerryError(
        'upstream-protocol',
        'the list of assignments is not the one that the grant names',
      );
    const list = parseAssignments(text);
    this.#digest = digest;
    return { kind: 'list', list };
  }
}

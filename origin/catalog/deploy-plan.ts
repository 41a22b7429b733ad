import { SkerryError } from '../../shared/errors.ts';
import { MOST_OPEN_DEPLOYS, YOUNG_DEPLOY_MS } from './limits.ts';

/** Chooses which open deploy is given up for a new one. Undefined when there is room. `open` has the oldest first. */
export function deployToGiveUp<T extends { readonly created: number }>(
  open: readonly T[],
  time: number,
): T | undefined {
  if (open.length < MOST_OPEN_DEPLOYS) return undefined;
  const old = open.find(({ created }) => created <= time - YOUNG_DEPLOY_MS);
  if (old !== undefined) return old;
  throw new SkerryError(
    'too-many-requests',
    `the site already has ${MOST_OPEN_DEPLOYS} deploys that wait for their commit`,
  );
}

/** A file of a deploy, with the object that its digest names. */
interface NamedObject {
  readonly path: string;
  /** The size that the deploy declares. */
  readonly declared: number;
  /** The size of the object. Null while the site has not uploaded it. */
  readonly size: number | null;
}

/** Throws `size-mismatch` for the first object whose size differs from the declared one. */
export function checkSizes(files: readonly NamedObject[]): void {
  const wrong = files.find(({ declared, size }) => size !== null && size !== declared);
  if (wrong === undefined) return;
  throw new SkerryError(
    'size-mismatch',
    `${wrong.path} is declared with ${wrong.declared} bytes, but its digest names an object of ${wrong.size} bytes`,
  );
}

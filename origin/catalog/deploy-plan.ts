import { SkerryError } from '../../shared/errors.ts';
import type { SizeMismatch } from './deploy-calls.ts';
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

/** Throws `size-mismatch` when there is one. */
export function refuseMismatch(mismatch: SizeMismatch | undefined): void {
  if (mismatch === undefined) return;
  const { path, declared, size } = mismatch;
  throw new SkerryError(
    'size-mismatch',
    `${path} is declared with ${declared} bytes, but its digest names an object of ${size} bytes`,
  );
}

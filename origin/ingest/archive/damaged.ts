import { SkerryError } from '../../../shared/errors.ts';

/** What a library says about an archive that it cannot read. Errors of the table stay as they are. */
export function damaged(kind: 'tar' | 'zip', error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SkerryError('bad-archive', `the ${kind} is damaged or cut off: ${message}`, { cause: error });
}

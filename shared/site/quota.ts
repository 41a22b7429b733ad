import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';

const limit = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
    description: `${description}; null for no limit.`,
  });

export const quotaSchema = Type.Object(
  {
    bytes: limit('The most bytes that all files of a revision may have together'),
    files: limit('The most files of a revision'),
    fileBytes: limit('The most bytes of a file'),
  },
  { additionalProperties: false },
);
export type Quota = Static<typeof quotaSchema>;

export const NO_QUOTA: Quota = { bytes: null, files: null, fileBytes: null };

export interface TreeSize {
  readonly files: number;
  readonly bytes: number;
}

export type TreeQuota = Pick<Quota, 'files' | 'bytes'>;

/** The limit that a tree would exceed by growing. */
export function exceededLimit(
  quota: TreeQuota,
  after: TreeSize,
  before: TreeSize,
): 'files' | 'bytes' | undefined {
  return (['files', 'bytes'] as const).find((what) => {
    const most = quota[what];
    return most !== null && after[what] > most && after[what] > before[what];
  });
}

/**
 * Throws `quota-exceeded` when a site would grow beyond its quota. A change that makes a tree smaller is allowed, even
 * if the tree is still larger than a quota that was lowered.
 */
export function checkTreeQuota(
  site: string,
  quota: Quota,
  after: TreeSize,
  before: TreeSize = { files: 0, bytes: 0 },
): void {
  const what = exceededLimit(quota, after, before);
  if (what === undefined) return;
  const most = quota[what] ?? 0;
  throw exceeded(`${site} would have ${after[what]} ${what}, and its quota is ${most}`, what, most);
}

/** Throws `quota-exceeded`. An unknown size is allowed; it is checked again when it is known. */
export function checkFileQuota(site: string, quota: Quota, size: number): void {
  for (const what of ['fileBytes', 'bytes'] as const) {
    const most = quota[what];
    if (most !== null && size > most)
      throw exceeded(
        `a file of ${size} bytes exceeds the quota of ${site}, which is ${most} bytes`,
        what,
        most,
      );
  }
}

function exceeded(message: string, quota: keyof Quota, most: number): SkerryError {
  return new SkerryError('quota-exceeded', message, { details: { quota, most } });
}

import { SkerryError } from '../../../shared/errors.ts';

export type ArchiveKind = 'tar' | 'gzip' | 'zstd' | 'zip';

/** Bytes that tell the kinds apart: a whole header of a tar. */
export const TELLING_BYTES = 512;

const MAGIC: readonly (readonly [ArchiveKind, at: number, bytes: string])[] = [
  ['gzip', 0, '1f8b'],
  ['zstd', 0, '28b52ffd'],
  ['zip', 0, '504b0304'],
  // A zip without files.
  ['zip', 0, '504b0506'],
  ['tar', 257, '7573746172'],
];

/** What the first bytes of an archive say, whatever its media type says. Throws `bad-archive`. */
export function archiveKind(first: Buffer): ArchiveKind {
  for (const [kind, at, bytes] of MAGIC)
    if (first.subarray(at, at + bytes.length / 2).toString('hex') === bytes) return kind;
  throw new SkerryError('bad-archive', 'the body is neither a tar (plain, gzip or zstd) nor a zip');
}

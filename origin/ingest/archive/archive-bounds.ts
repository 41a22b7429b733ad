import { SkerryError } from '../../../shared/errors.ts';

const MIB = 1024 * 1024;
/** The limit of an archive, packed or unpacked. */
export const MOST_ARCHIVE_BYTES = 64 * 1024 * MIB;
/** The limit of a zip, which waits on the disk until its end has come. */
export const MOST_ZIP_BYTES = 4 * 1024 * MIB;
/**
 * Text packs to a tenth, and logs to a fiftieth. What packs better is made to fill a disk, unless it is small: 64 MiB
 * are free.
 */
const MOST_RATIO = 200;
const FREE_BYTES = 64 * MIB;

/** Compares what comes out of an archive with what went in. */
export class ArchiveBounds {
  #packed = 0;
  #unpacked = 0;

  /** Notes packed bytes that have arrived. */
  arrived(bytes: number): void {
    this.#packed += bytes;
  }

  /** Notes bytes that come out. Throws `too-large`. */
  unpacked(bytes: number): void {
    this.#unpacked += bytes;
    if (this.#unpacked > MOST_ARCHIVE_BYTES)
      throw new SkerryError('too-large', `an archive has at most ${MOST_ARCHIVE_BYTES} bytes, unpacked`);
    if (this.#unpacked > FREE_BYTES + MOST_RATIO * this.#packed)
      throw new SkerryError(
        'too-large',
        `the archive unpacks to more than ${MOST_RATIO} times its size, as archives do that are made to fill a disk`,
      );
  }
}

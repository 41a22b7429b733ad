import type { MultipartPart } from '../catalog/multipart-calls.ts';
import { S3Error } from './protocol/s3-error.ts';

/** All parts but the last have this size at least, as at S3. */
const LEAST_BYTES = 5 * 1024 * 1024;
const MOST_BYTES = 5 * 1024 ** 4;

/** A part as the client names it when it completes an upload. */
export interface CompletedPart {
  readonly PartNumber: string;
  readonly ETag: string;
  readonly [checksum: `Checksum${string}`]: string | undefined;
}

/** The parts that a client names, if they are as it says. Throws S3's errors. */
export function chosenParts(
  arrived: readonly MultipartPart[],
  named: readonly CompletedPart[],
  algorithm: string | undefined,
): MultipartPart[] {
  const byNumber = new Map(arrived.map((part) => [part.number, part]));
  let last = 0;
  let bytes = 0;
  const chosen = named.map((one) => {
    const number = Number(one.PartNumber);
    if (number <= last) throw new S3Error('InvalidPartOrder');
    last = number;
    const part = byNumber.get(number);
    if (part === undefined || part.etag !== one.ETag.trim().replaceAll('"', ''))
      throw new S3Error('InvalidPart');
    const sum = algorithm && one[`Checksum${algorithm.toUpperCase()}`];
    if (sum !== undefined && sum !== part.checksum) throw new S3Error('InvalidPart');
    bytes += part.size;
    return part;
  });
  if (bytes > MOST_BYTES) throw new S3Error('EntityTooLarge');
  if (chosen.slice(0, -1).some(({ size }) => size < LEAST_BYTES)) throw new S3Error('EntityTooSmall');
  return chosen;
}

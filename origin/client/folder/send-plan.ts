import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import type { HashedFile } from './hash-files.ts';

const MAX_OBJECTS = 4000;
const MAX_BYTES = 8 * 1024 * 1024;

export interface SendPlan {
  /** Groups of small files. Each group is sent in one request. */
  readonly bundles: readonly (readonly HashedFile[])[];
  /** Files that are each sent in a request of their own. */
  readonly single: readonly HashedFile[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * Plans how to send the files that the origin lacks, each content once: small files together, larger ones alone. A
 * bundle of one file is sent as a single object instead, because that request names its digest.
 */
export function planSending(files: readonly HashedFile[], missing: ReadonlySet<string>): SendPlan {
  const bundles: HashedFile[][] = [];
  const single: HashedFile[] = [];
  const planned = new Set<string>();
  let bytes = 0;
  let held = 0;
  for (const file of files) {
    if (!missing.has(file.digest) || planned.has(file.digest)) continue;
    planned.add(file.digest);
    bytes += file.size;
    if (file.size > SMALL_OBJECT) {
      single.push(file);
      continue;
    }
    const last = bundles.at(-1);
    if (last === undefined || last.length === MAX_OBJECTS || held + file.size > MAX_BYTES) {
      bundles.push([file]);
      held = file.size;
    } else {
      last.push(file);
      held += file.size;
    }
  }
  return {
    bundles: bundles.filter(({ length }) => length > 1),
    single: [...single, ...bundles.filter(({ length }) => length === 1).flat()],
    files: planned.size,
    bytes,
  };
}

import { digestFromBytes } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { NeededObject } from '../catalog.ts';

/** Reads the columns digest, size and chunks. Their names have a prefix if the table is joined twice. */
export function toObject(row: Row, prefix: '' | 'b_'): NeededObject {
  const chunks = row[`${prefix}chunks`];
  return {
    digest: digestFromBytes(row[`${prefix}digest`] as Uint8Array),
    size: Number(row[`${prefix}size`]),
    chunks: chunks === null ? null : digestFromBytes(chunks as Uint8Array),
  };
}

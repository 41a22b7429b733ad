import mimeDb from 'mime-db';
import { lookup } from 'mime-types';

/** This type may stand for any bytes, so it is not informative. */
const UNKNOWN = 'application/octet-stream';

/** The media type for the ending of a file's name, without parameters. */
export function mediaType(path: string): string {
  return knownMediaType(path) ?? UNKNOWN;
}

/** Undefined for an unknown ending, and for a name without an ending. */
export function knownMediaType(path: string): string | undefined {
  return lookup(path) || undefined;
}

/** Types that are compressible although the database does not say so. */
const ALSO_COMPRESSIBLE: ReadonlySet<string> = new Set([
  ...['application/sql', 'application/x-tex', 'application/graphql', 'application/yaml'],
  ...['font/collection', 'model/obj'],
]);

/** Whether files of a media type usually get smaller when they are compressed. */
export function isCompressibleType(type: string): boolean {
  if (type === UNKNOWN) return false;
  return (
    ALSO_COMPRESSIBLE.has(type) || (mimeDb[type]?.compressible ?? /^text\/|\+(json|text|xml)$/.test(type))
  );
}

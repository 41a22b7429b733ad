import mime from 'mime';

/** The media type that a file's name stands for, without parameters. */
export function mediaType(path: string): string {
  return knownMediaType(path) ?? 'application/octet-stream';
}

/** Undefined for an ending that stands for nothing, and for none. */
export function knownMediaType(path: string): string | undefined {
  return mime.getType(path) ?? undefined;
}

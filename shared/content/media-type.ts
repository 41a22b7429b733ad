import mime from 'mime';

/** The media type for a file name, without parameters. */
export function mediaType(path: string): string {
  return knownMediaType(path) ?? 'application/octet-stream';
}

/** Undefined when the name has no extension or an unknown one. */
export function knownMediaType(path: string): string | undefined {
  return mime.getType(path) ?? undefined;
}

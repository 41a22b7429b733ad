import mime from 'mime';
import type { ContentPath } from './content-path.ts';

/** The media type that a file's name stands for, without parameters. */
export function mediaType(path: ContentPath): string {
  return mime.getType(path) ?? 'application/octet-stream';
}

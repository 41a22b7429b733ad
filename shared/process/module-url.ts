import { extname } from 'node:path';

/**
 * The URL of a sibling module that is started in a thread or process. It ends in `.ts` in the source tree and in `.js`
 * in a build.
 */
export function moduleUrl(sibling: string, importer: string): URL {
  return new URL(sibling + extname(new URL(importer).pathname), importer);
}

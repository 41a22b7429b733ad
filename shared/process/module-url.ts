import { extname } from 'node:path';

/** The URL of a sibling module to start in a thread or process: `.ts` in the tree, `.js` in a build. */
export function moduleUrl(sibling: string, importer: string): URL {
  return new URL(sibling + extname(new URL(importer).pathname), importer);
}

import { basename, extname } from 'node:path';

/** The URL of a module to start in a thread or process: a sibling in the tree; in a build all stand in one folder. */
export function moduleUrl(sibling: string, importer: string): URL {
  const extension = extname(new URL(importer).pathname);
  return new URL(extension === '.ts' ? `${sibling}.ts` : `./${basename(sibling)}${extension}`, importer);
}

import { basename, extname } from 'node:path';

/**
 * The URL of a module that is to be started in a thread or process. `sibling` is its path in the sources, relative to
 * the importer and without an extension. In a build, all such modules are in one folder.
 */
export function moduleUrl(sibling: string, importer: string): URL {
  const extension = extname(new URL(importer).pathname);
  return new URL(extension === '.ts' ? `${sibling}.ts` : `./${basename(sibling)}${extension}`, importer);
}

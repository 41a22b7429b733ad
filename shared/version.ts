import { readFileSync } from 'node:fs';

/** The version in package.json: two folders up in the tree, and in a build too. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

import { readFileSync } from 'node:fs';

/** The version in package.json, one folder up in the source tree and in a build. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

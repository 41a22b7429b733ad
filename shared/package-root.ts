/** The folder with package.json. It is one level above this file, both in the sources and in a build. */
export const packageRoot = new URL('..', import.meta.url);

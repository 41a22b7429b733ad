/** The folder with package.json, one above this file: in the tree, and in a build too. */
export const packageRoot = new URL('..', import.meta.url);

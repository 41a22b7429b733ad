/** Loaded when a file is there. By its own name esbuild would give what CommonJS exports as `default` alone. */
export { parse } from 'yaml';

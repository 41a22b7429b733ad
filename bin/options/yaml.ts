/**
 * Loaded only if there is a configuration file. If the code imported `yaml` dynamically by its own name, esbuild would
 * put its CommonJS exports under `default` only.
 */
export { parse } from 'yaml';

import { globSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile, type Plugin, stop } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What is started by itself: the command, the serving process, and what runs in threads. */
const ENTRIES = [
  'bin/skerry.ts',
  'edge/serve/main.ts',
  ...globSync('{shared,origin,edge}/**/*.worker.ts', { cwd: root }),
  // Piscina starts it from the folder of whoever holds Piscina's code.
  'node_modules/piscina/dist/worker.js',
];

/** The SDK stays a dependency: few origins need it, and it is larger than all the rest. Piscina does without the other. */
export const LEFT_OUT = ['@aws-sdk/*', '@napi-rs/nice'];

/** What CommonJS libraries find in their modules. */
const COMMONJS = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);
const __dirname = import.meta.dirname;`;

export interface Joined {
  /** All of one folder; the names of those that are started are as in the tree. */
  readonly files: readonly OutputFile[];
  /** The files that were read, below the root of the tree. */
  readonly sources: readonly string[];
}

export interface JoinOptions {
  /** Where package.json is, if not above the folder of the files. */
  readonly place?: URL;
  /** Stack traces name functions as the sources do; with maps, and --enable-source-maps, lines, too. */
  readonly maps: boolean;
}

/**
 * Joins the modules of the product and of its libraries into a hundred: to find and read two thousand takes longer than
 * anything else that a start does.
 */
export async function joinModules(folder: string, { place, maps }: JoinOptions): Promise<Joined> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((file) => ({ in: file, out: basename(file).replace(/\.[jt]s$/, '') })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    external: LEFT_OUT,
    banner: { js: COMMONJS },
    sourcemap: maps && 'linked',
    sourcesContent: false,
    legalComments: 'none',
    plugins: [requiredBuiltins, agentOfUndici, ...(place === undefined ? [] : [atPlace(place)])],
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  // Its process would stay as long as this one.
  await stop();
  return { files: outputFiles, sources: Object.keys(metafile.inputs) };
}

/**
 * `import` of a module of Node's own reads each of its exports, and with some of those comes what nobody uses: with
 * node:http the WebSocket of Node's undici, 70 modules. `require` reads what is used.
 */
const requiredBuiltins: Plugin = {
  name: 'builtin modules by require',
  setup({ onResolve, onLoad }) {
    const builtin = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);
    onResolve({ filter: builtin }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'required' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** What index.js of undici has of an Agent, without fetch and all else: with those, Node's own undici is loaded, too. */
const agentOfUndici: Plugin = {
  name: 'the Agent of undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: 'agent', namespace: 'undici' }));
    onLoad({ filter: /^agent$/, namespace: 'undici' }, () => ({
      contents: `
        Object.assign(require('undici/lib/dispatcher/dispatcher').prototype, require('undici/lib/api'));
        exports.Agent = require('undici/lib/dispatcher/agent');`,
      resolveDir: root,
    }));
  },
};

function atPlace(place: URL): Plugin {
  return {
    name: 'place of the package',
    setup({ onLoad }) {
      onLoad({ filter: /\/shared\/package-root\.ts$/ }, () => ({
        contents: `export const packageRoot = new URL(${JSON.stringify(place.href)});`,
      }));
    },
  };
}

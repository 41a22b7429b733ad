import { globSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile, type Plugin, stop } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The entry points: the command, the serving process, and the modules of threads. */
const ENTRIES = [
  'bin/skerry.ts',
  'edge/serve/main.ts',
  ...globSync('{shared,origin,edge}/**/*.worker.ts', { cwd: root }),
  // Piscina starts this file from the folder of the module that contains Piscina's code.
  'node_modules/piscina/dist/worker.js',
];

/**
 * The AWS SDK stays a dependency of the package: few origins need it, and it is larger than everything else together.
 */
export const AWS_SDK = '@aws-sdk/*';

/** An optional dependency of Piscina, which works without it. */
const NOT_NEEDED = '@napi-rs/nice';

/** The variables that CommonJS libraries expect in their modules. */
const COMMONJS = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);
const __dirname = import.meta.dirname;`;

export interface Joined {
  /** All files of one folder. Entry points keep the names that they have in the sources. */
  readonly files: readonly OutputFile[];
  /** The files that were read, below the root of the tree. */
  readonly sources: readonly string[];
}

export interface JoinOptions {
  /** The folder of package.json, needed if this folder is not above the folder of the files. */
  readonly place?: URL;
  /**
   * Stack traces name functions as the sources do. With maps and --enable-source-maps, they also name the lines of the
   * sources.
   */
  readonly maps: boolean;
  /** The packages that the joined modules import at run time. */
  readonly leftOut: readonly string[];
}

/**
 * Joins the modules of the product and of its libraries into about a hundred, because most of the start-up time would
 * go into finding and reading two thousand files.
 */
export async function joinModules(folder: string, { place, maps, leftOut }: JoinOptions): Promise<Joined> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((file) => ({ in: file, out: basename(file).replace(/\.[jt]s$/, '') })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    external: [NOT_NEEDED, ...leftOut],
    banner: { js: COMMONJS },
    sourcemap: maps && 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // V8 keeps the text of each module in each thread. Names stay as they are, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    plugins: [requiredBuiltins, agentOfUndici, ...(place === undefined ? [] : [atPlace(place)])],
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  // Otherwise esbuild's process would run until this process ends.
  await stop();
  return { files: outputFiles, sources: Object.keys(metafile.inputs) };
}

/**
 * `import` of a built-in module of Node reads each of its exports, and some of them load modules that are not needed:
 * node:http loads the WebSocket of Node's undici, 70 modules. `require` reads only the exports that are used.
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

/**
 * The parts of undici's index.js that an Agent and its connections need. Fetch and all others are left out, because
 * they would load Node's own undici, too.
 */
const agentOfUndici: Plugin = {
  name: 'the Agent of undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: 'agent', namespace: 'undici' }));
    onLoad({ filter: /^agent$/, namespace: 'undici' }, () => ({
      contents: `
        Object.assign(require('undici/lib/dispatcher/dispatcher').prototype, require('undici/lib/api'));
        exports.Agent = require('undici/lib/dispatcher/agent');
        exports.buildConnector = require('undici/lib/core/connect');`,
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

#!/usr/bin/env node
// Skerry runs on the Node that its dependencies bring along for this platform, whichever Node started this.
import module, { createRequire } from 'node:module';

const NEEDED = 26;

const require = createRequire(import.meta.url);
// Not by `import`, which reads all that they export and loads what is behind that.
const { existsSync, mkdirSync, readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { fileURLToPath } = require('node:url');

const self = fileURLToPath(import.meta.url);
const args = process.argv.slice(2);
/**
 * What bounds a role's memory and counts only from a process's start. Without it V8 and malloc keep what a large
 * sync took: twice as much for an edge with 50,000 files.
 */
const { flags, environment } = require('./running/process-flags.json')[args[0]] ?? {
  flags: [],
  environment: {},
};
const env = { ...environment, ...process.env };

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  const runtime = ownRuntime();
  const { spawn } = require('node:child_process');
  // The channel tells the child when this process is gone, even by kill -9.
  const child = spawn(runtime, [...flags, self, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
} else {
  // A process with a channel was started with all of it; exec would cut the channel.
  const isBare = Object.keys(environment).some((name) => process.env[name] === undefined);
  if (isBare && !process.connected && process.execve !== undefined)
    process.execve(process.execPath, [process.execPath, ...flags, self, ...args], env);
  await import(existsSync(new URL('./skerry.ts', import.meta.url)) ? await fromTree() : fromPackage());
}

/** npm installs the one package that fits the platform, at the version and digest of the lock file. */
function ownRuntime() {
  const platform = `${process.platform}-${process.arch}`;
  const packaged = platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`;
  try {
    return require.resolve(`${packaged}/bin/node`);
  } catch {
    console.error(`skerry: needs Node ${NEEDED} or newer, and its own for ${platform} is not installed`);
    process.exit(1);
  }
}

/**
 * The sources run as they are. `dev` starts so many processes and threads that it is quicker to join them first, even
 * when that has never been done.
 */
async function fromTree() {
  keepCompiled(fileURLToPath(new URL('../node_modules/.cache/skerry/compiled', import.meta.url)));
  if (args[0] !== 'dev') return './skerry.ts';
  const { joinedTree } = await import('../infra/joined-tree.ts');
  return (await joinedTree()) ?? './skerry.ts';
}

/** In the package that is built, and in one that has such a one in it. */
function fromPackage() {
  const folder = process.env.NODE_COMPILE_CACHE ?? ownCache();
  if (folder !== undefined) keepCompiled(folder);
  return ['../lib/skerry.js', '../dist/lib/skerry.js'].find((file) =>
    existsSync(new URL(file, import.meta.url)),
  );
}

/** Code is compiled once; stripping types, too, which takes 15 MB in each thread. Threads and children inherit it. */
function keepCompiled(folder) {
  process.env.NODE_COMPILE_CACHE ??= folder;
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/**
 * A folder in the user's cache. Undefined where that is not this user's own, or cannot be written: what is in there is
 * run. It holds what one version leaves there.
 */
function ownCache() {
  try {
    const home = process.env.XDG_CACHE_HOME || require('node:os').homedir();
    if (statSync(home).uid !== process.geteuid()) return undefined;
    const all = join(home, process.env.XDG_CACHE_HOME ? '' : '.cache', 'skerry');
    const { version } = require('../package.json');
    const folder = join(all, version);
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined)
      for (const other of readdirSync(all))
        if (other !== version) rmSync(join(all, other), { recursive: true, force: true });
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid() && (mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}

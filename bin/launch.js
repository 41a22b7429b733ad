#!/usr/bin/env node
// If the Node that started this file is too old, Skerry runs on the Node that its dependencies install for this
// platform.
import module, { createRequire } from 'node:module';

const NEEDED = 26;

const require = createRequire(import.meta.url);
// `import` would read all exports of these modules, and so load the modules behind lazy exports.
const { existsSync, mkdirSync, readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { fileURLToPath } = require('node:url');

const self = fileURLToPath(import.meta.url);
const args = process.argv.slice(2);
/**
 * Settings that limit the memory of an origin or an edge. They take effect only at the start of a process. Without
 * them, V8 and malloc keep the memory that a large sync has used. An edge with 50,000 files then takes twice as much.
 */
const { flags, environment } = require('./running/process-flags.json')[args[0]] ?? {
  flags: [],
  environment: {},
};
const env = { ...environment, ...process.env };

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  const runtime = ownRuntime();
  const { spawn } = require('node:child_process');
  // The IPC channel shows the child when this process has ended, even after kill -9.
  const child = spawn(runtime, [...flags, self, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
} else {
  // A process with an IPC channel was already started with these settings, and exec would close the channel.
  const isBare = Object.keys(environment).some((name) => process.env[name] === undefined);
  if (isBare && !process.connected && process.execve !== undefined)
    process.execve(process.execPath, [process.execPath, ...flags, self, ...args], env);
  await import(existsSync(new URL('./skerry.ts', import.meta.url)) ? await fromTree() : fromPackage());
}

/** npm installs only the package that fits the platform, at the version and digest in the lock file. */
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
 * The sources run as they are, except for `dev`. That command starts so many processes and threads that it saves time
 * to bundle the modules first, even in the first run.
 */
async function fromTree() {
  keepCompiled(fileURLToPath(new URL('../node_modules/.cache/skerry/compiled', import.meta.url)));
  if (args[0] !== 'dev') return './skerry.ts';
  const { joinedTree } = await import('../infra/joined-tree.ts');
  return (await joinedTree()) ?? './skerry.ts';
}

/** Finds the program both in the built package and in a folder that has the built package in `dist`. */
function fromPackage() {
  const folder = process.env.NODE_COMPILE_CACHE ?? ownCache();
  if (folder !== undefined) keepCompiled(folder);
  return ['../lib/skerry.js', '../dist/lib/skerry.js'].find((file) =>
    existsSync(new URL(file, import.meta.url)),
  );
}

/**
 * With this setting, code is compiled, and its types are stripped, only once. Stripping takes 15 MB in each thread.
 * Threads and child processes inherit the setting.
 */
function keepCompiled(folder) {
  process.env.NODE_COMPILE_CACHE ??= folder;
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/**
 * The folder for the compiled code of one version, in the user's cache. Because the code in it is executed, this
 * returns undefined if the folder belongs to another user or if others can write to it. It also returns undefined if
 * this user cannot write to it.
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

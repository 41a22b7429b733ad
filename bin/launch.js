#!/usr/bin/env node
// Skerry runs on the Node that its dependencies bring along for this platform, whichever Node started this.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = 26;

const self = fileURLToPath(import.meta.url);
const args = process.argv.slice(2);
/**
 * What bounds a role's memory and counts only from a process's start. Without it V8 and malloc keep what a large
 * sync took: twice as much for an edge with 50,000 files.
 */
const { flags, environment } = createRequire(import.meta.url)('./running/process-flags.json')[args[0]] ?? {
  flags: [],
  environment: {},
};
const env = { ...environment, ...process.env };

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  const runtime = ownRuntime();
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
  const entry = ['./skerry.ts', './skerry.js', '../dist/bin/skerry.js'].find((file) =>
    existsSync(new URL(file, import.meta.url)),
  );
  if (entry.endsWith('.ts')) cacheStrippedSources();
  await import(entry);
}

/** npm installs the one package that fits the platform, at the version and digest of the lock file. */
function ownRuntime() {
  const platform = `${process.platform}-${process.arch}`;
  const packaged = platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`;
  try {
    return createRequire(import.meta.url).resolve(`${packaged}/bin/node`);
  } catch {
    console.error(`skerry: needs Node ${NEEDED} or newer, and its own for ${platform} is not installed`);
    process.exit(1);
  }
}

/** Stripping types takes 15 MB in each thread; with the cache they are stripped once. Threads and children inherit it. */
function cacheStrippedSources() {
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/skerry', import.meta.url));
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

#!/usr/bin/env node
// Skerry runs on the Node that its `node` dependency brings along, whichever Node started this.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = 26;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  const entry = ['./skerry.ts', './skerry.js', '../dist/bin/skerry.js'].find((file) =>
    existsSync(new URL(file, import.meta.url)),
  );
  if (entry.endsWith('.ts')) cacheStrippedSources();
  await import(entry);
} else {
  const runtime = createRequire(import.meta.url).resolve('node/bin/node');
  // The channel tells the child when this process is gone, even by kill -9.
  const child = spawn(runtime, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

/** Stripping types takes 15 MB in each thread; with the cache they are stripped once. Threads and children inherit it. */
function cacheStrippedSources() {
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/skerry', import.meta.url));
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

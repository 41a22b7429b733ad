import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';

/**
 * A worker thread that does not load the modules of the test runner. Loading them takes longer than everything that the
 * thread does in a test.
 */
class LeanWorker extends workerThreads.Worker {
  constructor(file: string | URL, { execArgv = [], ...options }: WorkerOptions = {}) {
    super(file, { ...options, execArgv });
  }
}

if (workerThreads.isMainThread) {
  // Forked processes do not load the modules of the test runner either.
  process.execArgv = [];
  workerThreads.Worker = LeanWorker;
  syncBuiltinESMExports();
}

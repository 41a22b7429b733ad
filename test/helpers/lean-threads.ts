import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';

/** A thread would load what the test runner loads into its processes; that takes longer than all that it does here. */
class LeanWorker extends workerThreads.Worker {
  constructor(file: string | URL, { execArgv = [], ...options }: WorkerOptions = {}) {
    super(file, { ...options, execArgv });
  }
}

if (workerThreads.isMainThread) {
  // Nor do processes that are forked load it.
  process.execArgv = [];
  workerThreads.Worker = LeanWorker;
  syncBuiltinESMExports();
}

import { registerHooks, syncBuiltinESMExports } from 'node:module';
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
  const beside = (file: string) => new URL(file, import.meta.url).href;
  const tests = new URL('..', import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'async-hook-domain') return next(beside('test-domain.ts'), context);
      if (specifier === 'rimraf' && context.parentURL?.includes('/@tapjs/fixture/'))
        return next(beside('test-folders.ts'), context);
      // Only the product starts joined modules; what a test names itself is what it means.
      const isProduct = context.parentURL?.startsWith(tests) === false;
      if (isProduct && specifier.endsWith('/module-url.ts'))
        return next(beside('joined-module-url.ts'), context);
      return next(specifier, context);
    },
  });
}

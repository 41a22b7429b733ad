import { Piscina } from 'piscina';
import { fromPlainError, type PlainError, SkerryError, toPlainError } from '../errors.ts';

/** An object whose methods run in a thread. It has the same methods, and each returns a promise. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

export type Answer = { readonly ok: unknown } | { readonly error: PlainError };

/** The worker module's default export: finds the method and turns what it throws into plain data. */
export function serveCalls(target: object): (call: Call) => Promise<Answer> {
  return async ({ method, args }) => {
    try {
      const run: unknown = Reflect.get(target, method);
      if (typeof run !== 'function') throw new TypeError(`no method ${method}`);
      return { ok: await run.apply(target, args) };
    } catch (error) {
      return { error: toPlainError(error) };
    }
  };
}

/** As `serveCalls`, of what has to be opened first: where that fails each call says why, and there is nothing to close. */
export function serveOpened(open: () => object): (call: Call) => Promise<Answer> {
  try {
    return serveCalls(open());
  } catch (error) {
    const why = toPlainError(error);
    return async ({ method }) => (method === 'close' ? { ok: undefined } : { error: why });
  }
}

export interface Thread<T> {
  readonly remote: Remote<T>;
  /** Lets the calls that were made finish, then ends the threads. Later calls throw `unavailable`. */
  close(): Promise<void>;
  /**
   * Ends the threads at once, in the middle of their work, and rejects the calls that were made. Only for work that may
   * be interrupted.
   */
  stop(): Promise<void>;
}

/**
 * Starts `threads` threads of one worker module. With one thread, calls run one after another in the order in which
 * they were made. The catalog's writer relies on that.
 */
export function startThreads<T extends object>(module: URL, threads: number, workerData: unknown): Thread<T> {
  const pool = new Piscina<Call, Answer>({
    filename: module.href,
    // The first call starts a thread. Many processes never make a call.
    minThreads: 0,
    maxThreads: threads,
    // Without this, Piscina puts a call that has to wait behind all later ones.
    stricterFIFO: true,
    // V8 uses whatever memory it is allowed. Without a limit, a thread holds several times what it needs.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
    // If an idle thread ended shortly before the pool is closed, Piscina would replace it afterwards, and the process
    // would hang.
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData,
  });
  let isClosed = false;
  const call = async (method: string, args: unknown[]) => {
    // After the close, Piscina would start a new thread that nobody ends.
    if (isClosed) throw new SkerryError('unavailable', 'this process is about to end');
    const answer = await pool.run({ method, args });
    if ('error' in answer) throw fromPlainError(answer.error);
    return answer.ok;
  };
  const remote = new Proxy(
    {},
    {
      get: (_target, method) =>
        typeof method === 'string' && method !== 'then'
          ? (...args: unknown[]) => call(method, args)
          : undefined,
    },
  );
  let ended: Promise<void> | undefined;
  const end = (how: () => Promise<void>) => {
    isClosed = true;
    ended ??= how();
    return ended;
  };
  return {
    remote: remote as Remote<T>,
    close: () => end(() => pool.close()),
    stop: () => {
      // Stops even a close that is in progress.
      ended = undefined;
      return end(() => pool.destroy());
    },
  };
}

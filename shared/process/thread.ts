import { Piscina } from 'piscina';
import { fromPlainError, SkerryError } from '../errors.ts';
import type { Answer, Call } from './served-calls.ts';

/** An object whose methods run in a thread of their own: the same methods, each answering a promise. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export interface Thread<T> {
  readonly remote: Remote<T>;
  /** Lets the calls that were made finish, then ends the threads; later calls throw `unavailable`. */
  close(): Promise<void>;
  /** Ends the threads at once, with what they do, which must be something that may be broken off: its calls reject. */
  stop(): Promise<void>;
}

/** A thread takes 8 MB; to start one takes some dozens of milliseconds. */
const IDLE_MS = 60_000;
/** Of what a thread has opened, and what it remembers. */
export const STAYS = { idleMs: Number.POSITIVE_INFINITY };

export interface ThreadOptions {
  /** After so long without a call a thread ends; the next call starts another. */
  readonly idleMs?: number;
}

/**
 * Starts `threads` threads of one worker module. With one thread calls run one after another in the order in
 * which they were made, which is what a catalog's writer relies on.
 */
export function startThreads<T extends object>(
  module: URL,
  threads: number,
  workerData: unknown,
  { idleMs = IDLE_MS }: ThreadOptions = {},
): Thread<T> {
  const pool = new Piscina<Call, Answer>({
    filename: module.href,
    // The first call starts one: many processes never make it.
    minThreads: 0,
    maxThreads: threads,
    // Without this, Piscina puts a call that has to wait behind all later ones.
    stricterFIFO: true,
    // V8 takes what it is given: without a bound a thread keeps several times what it needs.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
    idleTimeout: idleMs,
    workerData,
  });
  let isClosed = false;
  const call = async (method: string, args: unknown[]) => {
    // Piscina would begin a new thread, which nobody would end.
    if (isClosed) throw new SkerryError('unavailable', 'this process is about to end');
    // A thread that has ended, or never began, holds nothing open.
    if (method === 'close' && pool.threads.length === 0) return undefined;
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
      // Also while it waits for a close.
      ended = undefined;
      return end(() => pool.destroy());
    },
  };
}

import { Piscina } from 'piscina';
import { fromPlainError, SkerryError } from '../errors.ts';
import { canCollect, QUIET_MS } from './idle-memory.ts';
import { type Answer, type Call, COLLECT_GARBAGE } from './served-calls.ts';

/** An object whose methods run in a thread. It has the same methods, and each returns a promise. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export interface Thread<T> {
  readonly remote: Remote<T>;
  /** Lets the calls that were made finish, then ends the threads. Later calls throw `unavailable`. */
  close(): Promise<void>;
  /**
   * Ends the threads at once, in the middle of their work, and rejects all calls under way. Use it only for work that
   * may be interrupted.
   */
  stop(): Promise<void>;
}

/** A thread takes 8 MB of memory. Starting one takes some dozens of milliseconds. */
const IDLE_MS = 60_000;
/**
 * The option of a thread that opens a database. Other processes have the same file open, and after an upgrade in place,
 * a restarted thread would run newer code than its process.
 */
export const STAYS = { idleMs: Number.POSITIVE_INFINITY };

export interface ThreadOptions {
  /** After this time without a call, a thread ends. The next call starts another. */
  readonly idleMs?: number;
  /** This long after its first call, a thread that stays collects its garbage. */
  readonly collectAfterMs?: number;
}

/**
 * Starts `threads` threads of one worker module. With one thread, calls run one after another in the order in which
 * they were made. The catalog's writer relies on that.
 */
export function startThreads<T extends object>(
  module: URL,
  threads: number,
  workerData: unknown,
  { idleMs = IDLE_MS, collectAfterMs = QUIET_MS }: ThreadOptions = {},
): Thread<T> {
  const options = {
    filename: module.href,
    // The first call starts a thread. Many processes never make a call.
    minThreads: 0,
    maxThreads: threads,
    // Without this, Piscina puts a call that has to wait behind all later ones.
    stricterFIFO: true,
    // V8 uses as much memory as it may. Without a limit, a thread uses several times the memory that it needs.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
    idleTimeout: idleMs,
    // Nobody reads Piscina's histograms of waiting times.
    recordTiming: false,
    workerData,
  };
  const open = () =>
    new Piscina<Call, Answer>(options).on('error', () => {
      // The thread that ended was running no call, so no call reports its end.
      giveUpIfStuck();
    });
  let pool = open();
  let isClosed = false;
  /**
   * When the last thread ends, or none can start, Piscina leaves the waiting calls unanswered until the next call. This
   * function rejects them instead, and the next call begins with a new pool.
   */
  const giveUpIfStuck = () => {
    if (isClosed || pool.threads.length > 0 || pool.queueSize === 0) return;
    const stuck = pool;
    pool = open();
    stuck.destroy().catch(() => {});
  };
  const run = async (task: Call): Promise<Answer> => {
    try {
      return await pool.run(task);
    } catch (cause) {
      // A call whose method throws still gets a response. So at this point, the thread itself has ended or could not
      // start.
      giveUpIfStuck();
      throw new SkerryError('unavailable', 'a thread of this process ended or could not start', { cause });
    }
  };
  const collects = idleMs === Number.POSITIVE_INFINITY && canCollect();
  let collection: NodeJS.Timeout | undefined;
  /** A thread that waits for a call runs no timers, so its timer is here. */
  const collectOnce = () => {
    collection ??= setTimeout(() => run(COLLECT_GARBAGE).catch(() => {}), collectAfterMs).unref();
  };
  const call = async (method: string, args: unknown[]) => {
    // After `close`, Piscina would start a new thread that never ends.
    if (isClosed) throw new SkerryError('unavailable', 'this process is about to end');
    // A thread that has ended, or never began, has nothing to close.
    if (method === 'close' && pool.threads.length === 0) return undefined;
    if (collects) collectOnce();
    const answer = await run({ method, args });
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
    clearTimeout(collection);
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

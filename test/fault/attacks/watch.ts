import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { peakBytes } from '../../helpers/peak-memory.ts';

const EVERY_MS = 20;
const GIVEN_UP_MS = 30_000;
/** The address of another client than the attacker, because each client has its own limits. */
const ELSEWHERE = '127.0.0.7';

export interface Stalls {
  /** The longest time that an answer took, in milliseconds, by name. */
  readonly longest: Readonly<Record<string, number>>;
}

/** Requests each address again and again, over a new connection each time, until it is stopped. */
export function watchStalls(addresses: Readonly<Record<string, { url: string; host?: string }>>) {
  const stop = new AbortController();
  const longest: Record<string, number> = {};
  const watching = Object.entries(addresses).map(async ([name, { url, host }]) => {
    while (!stop.signal.aborted) {
      const took = await answerTime(url, host);
      longest[name] = Math.max(longest[name] ?? 0, took);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  });
  return async (): Promise<Stalls> => {
    stop.abort();
    await Promise.all(watching);
    return { longest };
  };
}

/** Infinite when no answer arrives. */
function answerTime(url: string, host: string | undefined): Promise<number> {
  const began = performance.now();
  return new Promise((resolve) => {
    const options = {
      agent: false,
      localAddress: ELSEWHERE,
      ...(host !== undefined && { headers: { host } }),
    };
    const take = (answer: IncomingMessage) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode === 200 ? performance.now() - began : Infinity));
      answer.on('error', () => resolve(Infinity));
    };
    const asked = url.startsWith('https:')
      ? requestSecurely(url, { ...options, rejectUnauthorized: false }, take)
      : request(url, options, take);
    asked.setTimeout(GIVEN_UP_MS, () => asked.destroy());
    asked.on('error', () => resolve(Infinity));
    asked.end();
  });
}

/** Resets the peak memory that the kernel keeps for each process. */
export async function forgetPeaks(pids: readonly number[]): Promise<void> {
  for (const pid of pids) await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

/**
 * The most memory that one of the processes has used, until it is stopped. A process that ends counts with its last
 * known value.
 */
export function watchPeak(pids: readonly number[]) {
  let highest = 0;
  const look = async () => {
    for (const pid of pids) highest = Math.max(highest, (await peakBytes(pid).catch(() => 0)) || 0);
  };
  const timer = setInterval(look, EVERY_MS);
  return async (): Promise<number> => {
    clearInterval(timer);
    await look();
    return highest;
  };
}

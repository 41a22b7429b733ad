/**
 * Requests addresses again and again, each over a new connection each time. Gets them as a message, and answers the next
 * one with the longest times, for `watchStalls`.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestSecurely } from 'node:https';

const EVERY_MS = 20;
const GIVEN_UP_MS = 30_000;
/** The address of another client than the attacker, because each client has its own limits. */
const ELSEWHERE = '127.0.0.7';

export type Watched = Readonly<Record<string, { readonly url: string; readonly host?: string }>>;

export interface Stalls {
  /** The longest time that an answer took, in milliseconds, by name. */
  readonly longest: Readonly<Record<string, number>>;
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

process.send?.('ready');
const [addresses] = (await once(process, 'message')) as [Watched];
const stop = new AbortController();
process.once('message', () => stop.abort());
process.once('disconnect', () => process.exit());
const longest: Record<string, number> = {};
const watching = Object.entries(addresses).map(async ([name, { url, host }]) => {
  while (!stop.signal.aborted) {
    const took = await answerTime(url, host);
    longest[name] = Math.max(longest[name] ?? 0, took);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
});
await Promise.all(watching);
process.send?.(longest);
process.disconnect?.();

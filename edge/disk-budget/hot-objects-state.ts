import type { Digest } from '../../shared/content/digest.ts';
import type { ReadersUse } from '../messages/use.ts';

/** The half-life of an object's rate: after this time without requests, the rate has halved. */
const HALF_LIFE_MINUTES = 2;
/** Requests are counted only for this many objects, those with the most requests. */
const MOST = 500;
/** An object with fewer requests per minute is dropped. */
const LEAST = 0.1;

/** The requests of readers per minute for each object, averaged over the last minutes. */
export type RequestRates = ReadonlyMap<Digest, number>;

/** The rates after a sample. `used` has the requests of the sample, which covers `minutes`. */
export function afterSample(before: RequestRates, used: ReadersUse['used'], minutes: number): RequestRates {
  if (minutes <= 0) return before;
  const kept = 0.5 ** (minutes / HALF_LIFE_MINUTES);
  const rates = new Map([...before].map(([digest, rate]) => [digest, rate * kept]));
  for (const [digest, , times] of used)
    rates.set(digest, (rates.get(digest) ?? 0) + (times / minutes) * (1 - kept));
  const asked = [...rates].filter(([, rate]) => rate >= LEAST);
  return new Map(asked.length <= MOST ? asked : mostAsked(asked).slice(0, MOST));
}

/** The objects with at least `least` requests per minute. Those with the most requests come first. */
export function hottest(rates: RequestRates, least: number, limit: number): [digest: Digest, rate: number][] {
  return mostAsked([...rates].filter(([, rate]) => rate >= least)).slice(0, limit);
}

const mostAsked = (rates: readonly [Digest, number][]) => rates.toSorted((a, b) => b[1] - a[1]);

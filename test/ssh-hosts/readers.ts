import { setTimeout as pause } from 'node:timers/promises';
import { ask, read } from '../helpers/http.ts';

const LOOK_MS = 200;
const AT_ONCE = 4;

interface Read {
  readonly requests: number;
  /** What failed, and where. */
  readonly failures: readonly string[];
  /** The addresses at which an edge was not ready at some time. */
  readonly unready: readonly string[];
  /** The fewest edges that were ready at the same time. */
  readonly fewestReady: number;
}

function isReady(address: string): Promise<boolean> {
  return ask(`http://${address}:7599`, '/readyz').then(
    ({ status }) => status === 200,
    () => false,
  );
}

/**
 * Readers behind a load balancer, which asks each edge whether it is ready and sends each request to the next one that
 * is. No request is repeated.
 */
export function startReaders(addresses: readonly string[], site: string): { stop(): Promise<Read> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const ready = new Set(addresses);
  const unready = new Set<string>();
  const failures: string[] = [];
  let requests = 0;
  let fewestReady = addresses.length;

  async function watch(address: string): Promise<void> {
    while (!signal.aborted) {
      if (await isReady(address)) ready.add(address);
      else {
        ready.delete(address);
        unready.add(address);
      }
      await pause(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** An edge may be drained in the moment in which another one is back. So a look at all of them is repeated. */
  async function count(): Promise<void> {
    const look = async () => (await Promise.all(addresses.map(isReady))).filter(Boolean).length;
    while (!signal.aborted) {
      const counted = await look();
      if (counted < fewestReady) fewestReady = Math.min(fewestReady, Math.max(counted, await look()));
      await pause(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  let turn = 0;
  async function readAlways(): Promise<void> {
    while (!signal.aborted) {
      const choice = [...ready];
      const address = choice[turn++ % choice.length];
      requests++;
      if (address === undefined) {
        failures.push('no edge is ready');
        await pause(LOOK_MS);
        continue;
      }
      await read(`http://${address}`, site, '').then(
        ({ status }) => status === 200 || failures.push(`${address}: ${status}`),
        (error) => failures.push(`${address}: ${error}`),
      );
      // The edges share the processor with their readers here.
      await pause(2);
    }
  }

  const running = [count(), ...addresses.map(watch), ...Array.from({ length: AT_ONCE }, readAlways)];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
      return { requests, failures, unready: [...unready].sort(), fewestReady };
    },
  };
}

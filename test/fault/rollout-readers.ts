import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Random, random } from '../helpers/random.ts';
import { assetsIn } from './rollout-site.ts';

/** What readers have met since the last `begin`. */
export interface Tally {
  requests: number;
  bad: number;
  requestsAt: Map<number, number>;
  badAt: Map<number, number>;
  firstBad: number;
  secondBad: number;
  lastBad: number;
  /** Assets of a loaded page that another edge does not have. */
  crossed: string[];
}

export interface ReadersParts {
  readonly ports: readonly number[];
  readonly host: string;
  readonly pages: readonly string[];
  /** Requests per second and edge. */
  readonly rate: number;
  readonly seed: number;
}

const TICK_MS = 20;

/** Readers of all edges: each asks for a page, then for what the page asks for, sometimes from another edge. */
export class Readers {
  readonly #parts: ReadersParts;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #dice: Random;
  readonly #weights: number[];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #left: number | undefined;
  tally: Tally = emptyTally();

  constructor(parts: ReadersParts) {
    this.#parts = parts;
    this.#dice = random(parts.seed);
    let sum = 0;
    // Zipf's law: the page in place n is asked for 1/n times as often as the first one.
    this.#weights = parts.pages.map((_, i) => (sum += 1 / (i + 1)));
    this.#running = this.#run();
  }

  begin(): void {
    this.tally = emptyTally();
  }

  /** Nobody asks this edge any more. */
  leave(edge: number): void {
    this.#left = edge;
  }

  visitAll(): void {
    this.#left = undefined;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#agent.destroy();
  }

  /** A visit makes three requests. */
  async #run(): Promise<void> {
    const { ports, rate } = this.#parts;
    const visits = new Set<Promise<void>>();
    const began = performance.now();
    let begun = 0;
    while (!this.#stopping.signal.aborted) {
      const due = ((performance.now() - began) / 1000) * (rate / 3) * ports.length;
      for (; begun < due; begun++) {
        if (begun % ports.length === this.#left) continue;
        const visit = this.#visit(begun % ports.length).finally(() => visits.delete(visit));
        visits.add(visit);
      }
      await pause(TICK_MS);
    }
    await Promise.all(visits);
  }

  async #visit(edge: number): Promise<void> {
    const { pages, ports } = this.#parts;
    const at = this.#dice.below(1_000_000) / 1_000_000;
    const wanted = at * (this.#weights.at(-1) ?? 0);
    const page = `/${pages[this.#weights.findIndex((weight) => weight >= wanted)] ?? ''}`;
    const tally = this.tally;
    const { status, text } = await this.#get(edge, page, undefined);
    this.#count(tally, edge, status);
    if (status !== 200) return;
    for (const asset of assetsIn(text)) {
      const isElsewhere = this.#dice.below(4) === 0;
      const other = isElsewhere ? this.#dice.below(ports.length) : edge;
      const from = other === this.#left ? edge : other;
      const answer = await this.#get(from, asset, page);
      this.#count(tally, from, answer.status);
      if (from !== edge && answer.status === 404) tally.crossed.push(`${asset} at ${from}, page of ${edge}`);
    }
  }

  #count(tally: Tally, edge: number, status: number): void {
    tally.requests++;
    tally.requestsAt.set(edge, (tally.requestsAt.get(edge) ?? 0) + 1);
    if (status === 200) return;
    const now = performance.now();
    tally.bad++;
    tally.badAt.set(edge, (tally.badAt.get(edge) ?? 0) + 1);
    if (tally.bad === 2) tally.secondBad = now;
    tally.firstBad ||= now;
    tally.lastBad = now;
  }

  #get(edge: number, path: string, referer: string | undefined): Promise<{ status: number; text: string }> {
    const { ports, host } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
    const headers = { host, ...(referer !== undefined && { referer: `http://${host}${referer}` }) };
    const asked = request(
      { host: '127.0.0.1', port: ports[edge], path, headers, agent: this.#agent },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', () => resolve({ status: 0, text: '' }));
      },
    );
    asked.once('error', () => {
      // The server may have closed an idle connection just now. Browsers then ask again.
      const again = asked.reusedSocket ? this.#get(edge, path, referer) : { status: 0, text: '' };
      resolve(again);
    });
    asked.end();
    return promise;
  }
}

function emptyTally(): Tally {
  return {
    requests: 0,
    bad: 0,
    requestsAt: new Map(),
    badAt: new Map(),
    firstBad: 0,
    secondBad: 0,
    lastBad: 0,
    crossed: [],
  };
}

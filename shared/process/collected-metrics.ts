import { Counter, Gauge, Registry } from 'prom-client';
import type { Exposition } from './exposition.ts';

/** The value of a metric for each set of labels. */
type Series<Label extends string> = Iterable<readonly [labels: Record<Label, string>, value: number]>;

/**
 * Metrics that are read from one source when they are scraped. The source is asked once for all of its metrics, and
 * each metric is emptied and filled in one step: a scrape at the same time sees either the old or the new values, never
 * a mixture.
 */
export class CollectedMetrics<Source> {
  readonly #registry: Registry;
  readonly #ask: () => Promise<Source>;
  #answer: Promise<Source> | undefined;

  constructor(registry: Registry, ask: () => Promise<Source>) {
    this.#registry = registry;
    this.#ask = ask;
  }

  gauge(name: string, help: string, read: (source: Source) => number): void {
    this.gaugeBy([], name, help, (source) => [[{}, read(source)]]);
  }

  gaugeBy<Label extends string>(
    labelNames: readonly Label[],
    name: string,
    help: string,
    read: (source: Source) => Series<Label>,
  ): void {
    const gauge = new Gauge({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect: async () => {
        const source = await this.#current();
        gauge.reset();
        for (const [labels, value] of read(source)) gauge.set(labels, value);
      },
    });
  }

  counter(name: string, help: string, read: (source: Source) => number): void {
    this.counterBy([], name, help, (source) => [[{}, read(source)]]);
  }

  /** Adds a counter whose totals come from the source. */
  counterBy<Label extends string>(
    labelNames: readonly Label[],
    name: string,
    help: string,
    read: (source: Source) => Series<Label>,
  ): void {
    const counter = new Counter({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect: async () => {
        const source = await this.#current();
        counter.reset();
        for (const [labels, value] of read(source)) counter.inc(labels, value);
      },
    });
  }

  /** All metrics of a scrape ask at the same moment, and share one result. */
  #current(): Promise<Source> {
    this.#answer ??= this.#ask().finally(() => {
      this.#answer = undefined;
    });
    return this.#answer;
  }
}

export async function expositionOf(...registries: readonly Registry[]): Promise<Exposition> {
  const all = Registry.merge([...registries]);
  return { contentType: all.contentType, text: await all.metrics() };
}

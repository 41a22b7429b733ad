import type { Clock } from '../../shared/clock.ts';
import {
  type HotObject,
  LEAST_HOT_PER_MINUTE,
  MOST_HOT_OBJECTS,
  MOST_HOT_PATH,
} from '../../shared/wire/protocol.ts';
import type { ReadersUse } from '../messages/use.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { afterSample, hottest, type RequestRates } from './hot-objects-state.ts';

/** The edge reports its hot objects to the origin at this interval. */
const TELL_MS = 30_000;

/** Counts the requests for each object of a lazy edge, from the samples that the disk budget takes anyway. */
export class HotObjects {
  readonly #catalog: Pick<EdgeCatalog, 'currentNames'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #rates: RequestRates = new Map();
  #sampledAt: number;
  #toldAt: number;
  #isTold = true;
  #untold: readonly HotObject[] | undefined;

  constructor(catalog: Pick<EdgeCatalog, 'currentNames'>, clock: Pick<Clock, 'monotonic'>) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#sampledAt = clock.monotonic();
    this.#toldAt = this.#sampledAt;
  }

  async sampled(used: ReadersUse['used']): Promise<void> {
    const now = this.#clock.monotonic();
    this.#rates = afterSample(this.#rates, used, (now - this.#sampledAt) / 60_000);
    this.#sampledAt = now;
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    const hot = await this.#named();
    // When an edge no longer has hot objects, it reports that once.
    if (hot.length > 0 || !this.#isTold) this.#untold = hot;
    this.#isTold = hot.length === 0;
  }

  /** The hot objects for the next report. Undefined when they have already been reported. */
  take(): readonly HotObject[] | undefined {
    const hot = this.#untold;
    this.#untold = undefined;
    return hot;
  }

  async #named(): Promise<HotObject[]> {
    const rates = hottest(this.#rates, LEAST_HOT_PER_MINUTE, MOST_HOT_OBJECTS);
    if (rates.length === 0) return [];
    const names = await this.#catalog.currentNames(
      rates.map(([digest]) => digest),
      1,
    );
    const byDigest = new Map(names.map((name) => [name.digest, name]));
    return rates.flatMap(([digest, rate]): HotObject[] => {
      const name = byDigest.get(digest);
      return name === undefined || name.path.length > MOST_HOT_PATH
        ? []
        : [[name.site, name.path, digest, Math.round(rate)]];
    });
  }
}

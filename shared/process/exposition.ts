/** The answer to a scrape of `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export type Scrape = () => Promise<Exposition>;

/** A start does not load the metrics library: it takes 18 MB and some 50 ms, and the first scrape can wait for it. */
export function loadedAtFirstScrape(load: () => Promise<Scrape>): Scrape {
  let loaded: Promise<Scrape> | undefined;
  return async () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return (await loaded)();
  };
}

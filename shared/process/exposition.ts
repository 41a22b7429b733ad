/** The response to a scrape of `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export type Scrape = () => Promise<Exposition>;

/**
 * The metrics library takes 18 MB and some 50 ms to load, so it is loaded at the first scrape, which can wait for it.
 */
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

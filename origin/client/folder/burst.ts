/** A burst of changes is over after this many quiet milliseconds. Editors and builds write in quick succession. */
const QUIET_MS = 30;
/** A burst that does not end is split into parts of this length. */
const LONGEST_MS = 1000;

/** Collects items that arrive in quick succession, and hands them over when no more arrive. */
export class Burst<T> {
  readonly #settled: (items: ReadonlySet<T>) => void;
  #items = new Set<T>();
  #quiet: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;

  constructor(settled: (items: ReadonlySet<T>) => void) {
    this.#settled = settled;
  }

  add(item: T): void {
    this.#items.add(item);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#flush(), QUIET_MS);
    this.#longest ??= setTimeout(() => this.#flush(), LONGEST_MS);
  }

  close(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#longest);
  }

  #flush(): void {
    this.close();
    this.#longest = undefined;
    const items = this.#items;
    this.#items = new Set();
    this.#settled(items);
  }
}

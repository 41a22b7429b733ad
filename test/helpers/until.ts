/**
 * The first pause is short, because most conditions are met soon. Later pauses are longer, because frequent checks
 * would slow down the processes that are checked.
 */
const FIRST_MS = 10;
const MOST_MS = 80;

/** Resolves with the first value that is neither undefined nor false. Throws after `ms`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 60_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  let pause = FIRST_MS;
  while (true) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(MOST_MS, pause * 1.25);
  }
}

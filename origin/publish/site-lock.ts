/**
 * The lock of a site. Code that changes what a site shows holds it: a commit from staging to reveal, an activation, an
 * abort, a deletion. KeyedLock serves a single origin. Origins that share a catalog need a lock that all of them see,
 * such as an advisory lock of their database.
 */
export interface SiteLock {
  /**
   * Runs the work of one site one piece after another, in the order of the calls, and the work of different sites side
   * by side. Rejects with the signal's reason as soon as the signal aborts. Work that has not begun then never begins.
   * Work that has begun keeps the lock until it ends by itself.
   */
  run<T>(site: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

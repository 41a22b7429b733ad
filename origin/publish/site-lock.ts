/**
 * Who changes what a site shows holds its lock: a commit from the staging to the reveal, an activation, an abort, a
 * deletion. KeyedLock is the one of an origin alone; origins that share a catalog take one that all of them see, an
 * advisory lock of its database, say.
 */
export interface SiteLock {
  /**
   * Runs the work of one site one after another, in the order in which it was asked for; of different sites side by
   * side. Rejects with the signal's reason as soon as it aborts: work that has not begun never does then, and work
   * that has keeps the lock until it ends by itself.
   */
  run<T>(site: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

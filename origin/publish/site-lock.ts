/**
 * Who changes what a site shows holds its lock: a commit from the staging to the reveal, an activation, an abort, a
 * deletion. KeyedLock is the one of an origin alone: it cannot be lost while the process lives.
 *
 * Origins that share a catalog take one that all of them see, such as an advisory lock of its database. That one can
 * be lost without its holder's noticing, who was cut off or stood still for a while. So it numbers its holdings of a
 * site, each higher than all before, and leaves the number in the asynchronous context of the work, as `caller` is.
 * The catalog keeps the highest number of each site, and compares within the transaction of each call that says
 * "callers hold the site's lock": one with a lower number changes nothing and throws.
 */
export interface SiteLock {
  /**
   * Runs the work of one site one after another, in the order in which it was asked for; of different sites side by
   * side. Rejects with the signal's reason as soon as it aborts: work that has not begun never does then, and work
   * that has keeps the lock until it ends by itself.
   */
  run<T>(site: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

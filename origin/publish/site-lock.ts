/**
 * Code that changes the content or the revisions of a site holds the site's lock: a commit from the staging to the
 * reveal, an activation, an abort, a deletion. `FENCED` in catalog/effects.ts names the calls. A single origin uses
 * KeyedLock, which cannot be lost while the process lives.
 *
 * Origins that share a catalog use a lock that all of them see, such as an advisory lock of its database. A holder can
 * lose that lock without noticing, when it is cut off or frozen. So such a lock gives each holder a fencing number for
 * the site, which is higher than all earlier ones. It stores the number in the site's row as soon as it has the lock,
 * before the work begins, and keeps the number in an AsyncLocalStorage beside `caller` in origin/callers, where lock
 * and catalog both find it. Each call that is `FENCED` compares the two within its transaction. With a lower number it
 * throws and changes nothing.
 */
export interface SiteLock {
  /**
   * Runs the work of one site one after another, in the order of the calls, and the work of different sites in
   * parallel. Rejects with the signal's reason as soon as the signal aborts. Work that has not begun then never begins.
   * Work that has begun keeps the lock until it ends by itself.
   */
  run<T>(site: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

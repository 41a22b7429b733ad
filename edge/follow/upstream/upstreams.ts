import type { Clock } from '../../../shared/clock.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { Roster } from './roster.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamAddress, UpstreamOptions } from './upstream-address.ts';

/**
 * The edge avoids an upstream for this long after the upstream sent something that the origin did not sign. The time
 * doubles each time this happens again.
 */
const AVOID_MS = 60_000;
/**
 * The longest time for which the edge avoids an upstream. It is limited because this upstream may later be the only
 * reachable one.
 */
const MOST_AVOID_MS = 10 * 60_000;

/**
 * The addresses of an edge's parents, or of its origin if it has no parents. A parent with the origin's URL is the
 * origin. A name before the host (`paris@`) is the name of the edge that must answer there.
 */
export function upstreamAddresses(parents: readonly string[], origin: string): UpstreamAddress[] {
  const urls = parents.length > 0 ? parents : [origin];
  return urls.map((url) => {
    const { origin: place, username } = new URL(url);
    const member = username === '' ? undefined : username;
    return { url, isOrigin: place === new URL(origin).origin, member };
  });
}

interface Avoidance {
  readonly until: number;
  readonly ms: number;
}

/**
 * The feeds that an edge may follow, in order of preference, and the one that it follows now. This class decides which
 * feed is next. The code that finds a failure decides when to move on.
 */
export class Upstreams {
  readonly all: readonly Upstream[];
  /** The members whose certificates are accepted over TLS. */
  readonly roster = new Roster();
  readonly #clock: Clock;
  readonly #avoided = new Map<Upstream, Avoidance>();
  #current: Upstream;
  #moved = new AbortController();
  readonly #origin: Upstream | undefined;

  /** `origin` is the URL of the origin, which need not be one of the feeds. */
  constructor(
    addresses: readonly UpstreamAddress[],
    clock: Clock,
    origin?: string,
    options: UpstreamOptions = {},
  ) {
    const trust = { ...options.trust, memberOf: this.roster.nameOf };
    const open = (address: UpstreamAddress) => new Upstream(address, clock, { ...options, trust });
    this.all = addresses.map(open);
    const followed = this.all[addresses.findIndex(({ isOrigin }) => isOrigin)];
    this.#origin = followed ?? (origin === undefined ? undefined : open({ url: origin, isOrigin: true }));
    this.#clock = clock;
    const [first] = this.all;
    if (first === undefined) throw new TypeError('an edge needs an upstream');
    this.#current = first;
  }

  /** The origin itself, for requests that do not travel through parents. The edge may not be able to reach it. */
  get origin(): Upstream {
    if (this.#origin === undefined)
      throw new SkerryError('origin-unreachable', 'this edge does not know the address of the origin');
    return this.#origin;
  }

  get current(): Upstream {
    return this.#current;
  }

  /** Aborts when another upstream becomes the current one. */
  get moved(): AbortSignal {
    return this.#moved.signal;
  }

  /**
   * Moves to the next upstream that is not avoided. Does nothing if `from`, the upstream that failed, is no longer the
   * current one.
   */
  advance(from: Upstream): void {
    if (from !== this.#current || this.all.length === 1) return;
    const at = this.all.indexOf(from);
    const turn = [...this.all.slice(at + 1), ...this.all.slice(0, at)];
    const next = turn.find((upstream) => !this.#isAvoided(upstream));
    // If the edge avoids all other upstreams, it stays with an upstream that merely failed.
    this.#moveTo(next ?? (this.#isAvoided(from) ? (turn[0] ?? from) : from));
  }

  /** Avoids an upstream that sent false data, because its further answers cannot be trusted either. */
  avoid(liar: Upstream): void {
    const now = this.#clock.monotonic();
    const before = this.#avoided.get(liar);
    if (before === undefined || before.until <= now) {
      // The time doubles only if the upstream sends false data again soon after it was avoided.
      const isRepeated = before !== undefined && now - before.until < before.ms;
      const ms = isRepeated ? Math.min(2 * before.ms, MOST_AVOID_MS) : AVOID_MS;
      this.#avoided.set(liar, { until: now + ms, ms });
    }
    this.advance(liar);
  }

  /**
   * The current upstream first, then the others that are not avoided. They may hold objects that the current one lacks.
   */
  inTurn(): Upstream[] {
    const others = this.all.filter((upstream) => upstream !== this.#current && !this.#isAvoided(upstream));
    return [this.#current, ...others];
  }

  /** The upstreams that come before the current one in the order of preference, best first. */
  preferred(): Upstream[] {
    return this.all
      .slice(0, this.all.indexOf(this.#current))
      .filter((upstream) => !this.#isAvoided(upstream));
  }

  /** Returns to a preferred upstream that works again. */
  failBack(to: Upstream): void {
    this.#moveTo(to);
  }

  async close(): Promise<void> {
    await Promise.all([...this.all, this.#origin].map((upstream) => upstream?.close()));
  }

  #isAvoided(upstream: Upstream): boolean {
    return (this.#avoided.get(upstream)?.until ?? 0) > this.#clock.monotonic();
  }

  #moveTo(upstream: Upstream): void {
    if (upstream === this.#current) return;
    this.#current = upstream;
    const before = this.#moved;
    this.#moved = new AbortController();
    before.abort();
  }
}

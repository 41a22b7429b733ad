import type { Clock } from '../../shared/clock.ts';
import type { EdgeCatalog } from '../store/catalog.ts';

export interface MembershipStatus {
  /** Seconds since this process last heard from the origin, through any upstream. Null until it has. */
  readonly contactSeconds: number | null;
  /**
   * True if the upstream does not accept this edge as a member of the log: the edge was revoked, or the upstream does
   * not know it yet.
   */
  readonly isRefused: boolean;
  /**
   * True if the origin says that this edge has records that the origin lacks. The edge then does not show the live
   * revisions.
   */
  readonly isDiverged: boolean;
}

/**
 * What the edge knows about its membership. A refusal is remembered across restarts, because an edge that reaches no
 * upstream is not refused again.
 */
export class Membership {
  readonly #catalog: Pick<EdgeCatalog, 'isRefused' | 'noteRefused'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #heardAt: number | undefined;
  #isRefused: boolean;
  #isDiverged = false;

  private constructor(
    catalog: Pick<EdgeCatalog, 'isRefused' | 'noteRefused'>,
    clock: Pick<Clock, 'monotonic'>,
    isRefused: boolean,
  ) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#isRefused = isRefused;
  }

  static async open(
    catalog: Pick<EdgeCatalog, 'isRefused' | 'noteRefused'>,
    clock: Pick<Clock, 'monotonic'>,
  ): Promise<Membership> {
    return new Membership(catalog, clock, await catalog.isRefused());
  }

  /** Called when the feed has delivered a head that the origin signed. A feed sends heads only to members. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#become(false);
  }

  /** Called when the origin answered a report of this edge. */
  answered({ diverged }: { readonly diverged: boolean }): void {
    this.heard();
    this.#isDiverged = diverged;
  }

  refused(): void {
    this.#become(true);
  }

  get status(): MembershipStatus {
    const heardAt = this.#heardAt;
    return {
      contactSeconds: heardAt === undefined ? null : (this.#clock.monotonic() - heardAt) / 1000,
      isRefused: this.#isRefused,
      isDiverged: this.#isDiverged,
    };
  }

  #become(isRefused: boolean): void {
    if (isRefused === this.#isRefused) return;
    this.#isRefused = isRefused;
    // This write is not awaited. If the edge is killed before the write, the upstream will refuse the edge again once
    // it can be reached.
    this.#catalog.noteRefused(isRefused).catch(() => {});
  }
}

import type { Clock } from '../../shared/clock.ts';
import type { EdgeCatalog } from '../store/catalog.ts';

export interface MembershipStanding {
  /** Since the last word of the origin, at whatever upstream it came in; null before the first of this start. */
  readonly contactSeconds: number | null;
  /** The upstream takes this edge for no member of the log: it was revoked, or the upstream does not know of it yet. */
  readonly isRefused: boolean;
  /** This edge has records that are not the origin's, as the origin says: what it shows is not what is live. */
  readonly isDiverged: boolean;
}

/** What an edge knows of its tie to the origin. That it was refused outlives a restart: who is cut off hears nothing. */
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

  /** The feed brought a head that the origin signed, which it brings to members alone. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#become(false);
  }

  /** The origin answered a report of this edge. */
  answered({ diverged }: { readonly diverged: boolean }): void {
    this.heard();
    this.#isDiverged = diverged;
  }

  refused(): void {
    this.#become(true);
  }

  get standing(): MembershipStanding {
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
    // Not waited for: an edge that is killed meanwhile is told again, unless it is cut off.
    this.#catalog.noteRefused(isRefused).catch(() => {});
  }
}

import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { DiffCursor } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { DeployCursor } from '../catalog/deploy-calls.ts';
import type { StagingCalls } from '../catalog/staging-calls.ts';

const SEAL_PAGE = 4096;
const UNSTAGE_PAGE = 5000;

/** The state that a commit starts from, and how to get from there to the new state. */
export interface StagePlan {
  readonly site: number;
  /** The revision whose state is staged first. 0 is the empty state. */
  readonly base: number;
  /** Stages the changes on top of the base. */
  overlay(revision: number, time: number): Promise<void>;
}

export interface Staged {
  readonly revision: number;
  readonly root: Digest;
  readonly time: number;
}

/**
 * Writes a new revision on top of the newest state, in short transactions. If the process is killed before the revision
 * is revealed, nothing has changed. Callers hold the site's lock.
 */
export class Stager {
  readonly #catalog: Remote<StagingCalls>;
  readonly #clock: Clock;

  constructor(catalog: Remote<StagingCalls>, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** If the signal aborts, throws its reason before the next page. Leaves nothing behind when it throws. */
  async stage({ site, base, overlay }: StagePlan, signal: AbortSignal): Promise<Staged> {
    const { revision, newest, leftover } = await this.#catalog.beginStaging(site);
    try {
      if (leftover) await this.#unstage(site, revision);
      if (base !== newest) await this.#stageDiff(site, revision, newest, base, signal);
      const time = this.#clock.now();
      await overlay(revision, time);
      const root = await this.#seal(site, revision, signal);
      signal.throwIfAborted();
      return { revision, root, time };
    } catch (error) {
      // This fails too when the disk is full. The next commit then finds the marker and removes the rest.
      await this.discard(site, revision).catch(() => {});
      throw error;
    }
  }

  async discard(site: number, revision: number): Promise<void> {
    await this.#unstage(site, revision);
    await this.#catalog.endStaging(site);
  }

  async stageDeploy(
    id: string,
    revision: number,
    time: number,
    isWholeTree: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    await pages(signal, (cursor: DeployCursor | undefined) =>
      this.#catalog.stageDeploy(id, revision, time, cursor),
    );
    if (!isWholeTree) return;
    await pages(signal, (cursor: DeployCursor | undefined) =>
      this.#catalog.stageAbsent(id, revision, cursor),
    );
  }

  #stageDiff(site: number, revision: number, from: number, to: number, signal: AbortSignal): Promise<void> {
    return pages(signal, (cursor: DiffCursor | undefined) =>
      this.#catalog.stageDiff(site, revision, from, to, cursor),
    );
  }

  async #seal(site: number, revision: number, signal: AbortSignal): Promise<Digest> {
    await pages(signal, (leaf: number | undefined) =>
      this.#catalog.sealLeaves(site, revision, leaf ?? -1, SEAL_PAGE),
    );
    return this.#catalog.sealRoot(site, revision);
  }

  async #unstage(site: number, revision: number): Promise<void> {
    while (await this.#catalog.unstage(site, revision, UNSTAGE_PAGE));
  }
}

async function pages<C>(
  signal: AbortSignal,
  next: (cursor: C | undefined) => Promise<C | undefined>,
): Promise<void> {
  let cursor: C | undefined;
  do {
    signal.throwIfAborted();
    cursor = await next(cursor);
  } while (cursor !== undefined);
}

import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { RolloutEvidence } from '../../shared/wire/rollout-api.ts';
import type { RolloutCalls, RolloutChange, RolloutRow } from '../catalog/rollout-calls.ts';
import type { Committer } from './commit.ts';
import type { SiteLock } from './site-lock.ts';

export interface RolloutsParts {
  readonly catalog: Remote<RolloutCalls>;
  readonly clock: Clock;
  readonly sites: SiteLock;
  readonly committer: Pick<Committer, 'activate'>;
}

/**
 * What happens to rollouts after they have begun, by hand or by the driver. Each call holds the site's lock, and changes
 * nothing when the rollout has ended or gone on meanwhile.
 */
export class Rollouts {
  /** Wakes when somebody has changed a rollout by hand. */
  readonly changed = new Wakeup();
  readonly #parts: RolloutsParts;

  constructor(parts: RolloutsParts) {
    this.#parts = parts;
  }

  /** The rollouts that are running or paused. */
  open(): Promise<RolloutRow[]> {
    return this.#parts.catalog.openRollouts();
  }

  /** The newest rollout of a site. Throws `no-such-rollout`. */
  newest(site: number): Promise<RolloutRow> {
    return this.#parts.catalog.rollout(site);
  }

  /** More edges show the revision. */
  async step(
    seen: RolloutRow,
    { edges, dwell }: Pick<RolloutRow, 'edges' | 'dwell'>,
    evidence: RolloutEvidence,
  ): Promise<void> {
    const { catalog, clock } = this.#parts;
    await this.#asSeen(seen, async ({ site, revision, step }) => {
      await catalog.noteRollout(site, revision, { evidence });
      await catalog.stepRollout(site, revision, { step: step + 1, edges, dwell }, clock.now());
    });
  }

  /** Stores the evidence, or pauses the rollout. */
  async note(seen: RolloutRow, change: RolloutChange): Promise<void> {
    await this.#asSeen(seen, ({ site, revision }) => this.#parts.catalog.noteRollout(site, revision, change));
  }

  /** Takes the revision back because of what readers meet. */
  async fail(seen: RolloutRow, reason: string, evidence: RolloutEvidence): Promise<void> {
    const { catalog, clock } = this.#parts;
    await this.#asSeen(seen, ({ site, revision }) =>
      catalog.endRollout(site, revision, { state: 'failed', reason, evidence }, clock.now()),
    );
  }

  /** Makes the revision live everywhere. Throws `no-such-rollout` when the rollout has ended. */
  async finish(site: number): Promise<RolloutRow> {
    const { catalog, committer } = this.#parts;
    const { revision, ended } = await catalog.rollout(site);
    if (ended !== null) throw hasEnded();
    await committer.activate(site, { revision }, { mode: 'async' });
    this.changed.wake();
    return catalog.rollout(site);
  }

  /** Takes the revision back because somebody wants it. Throws `no-such-rollout`. */
  async abort(site: number): Promise<RolloutRow> {
    const { catalog, clock } = this.#parts;
    return this.#byHand(site, ({ revision }) =>
      catalog.endRollout(site, revision, { state: 'aborted', reason: 'somebody aborted it' }, clock.now()),
    );
  }

  async pause(site: number): Promise<RolloutRow> {
    return this.#byHand(site, ({ revision }) =>
      this.#parts.catalog.noteRollout(site, revision, { state: 'paused', reason: 'somebody paused it' }),
    );
  }

  /** Goes on. The step counts anew. */
  async resume(site: number): Promise<RolloutRow> {
    const { catalog, clock } = this.#parts;
    return this.#byHand(site, ({ revision }) =>
      catalog.noteRollout(site, revision, { state: 'running', reason: '', stepped: clock.now() }),
    );
  }

  async #byHand(site: number, act: (row: RolloutRow) => Promise<unknown>): Promise<RolloutRow> {
    const { catalog, sites } = this.#parts;
    const row = await sites.run(site, async () => {
      const row = await catalog.rollout(site);
      if (row.ended !== null) throw hasEnded();
      await act(row);
      return catalog.rollout(site);
    });
    this.changed.wake();
    return row;
  }

  /** Acts if the rollout is still as it was seen. Between the look and the lock, somebody may have paused or ended it. */
  #asSeen(seen: RolloutRow, act: (row: RolloutRow) => Promise<unknown>): Promise<void> {
    const { catalog, sites } = this.#parts;
    return sites.run(seen.site, async () => {
      const row = await catalog.rollout(seen.site);
      const isSame =
        row.revision === seen.revision &&
        row.state === seen.state &&
        row.step === seen.step &&
        row.stepped === seen.stepped;
      if (isSame) await act(row);
    });
  }
}

function hasEnded(): SkerryError {
  return new SkerryError('no-such-rollout', 'the rollout has ended');
}

import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { RolloutEvidence, Speed } from '../../shared/wire/rollout-api.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { RolloutRow } from '../catalog/rollout-calls.ts';
import type { SiteReads } from '../catalog/site-calls.ts';
import type { EventNotes } from '../events/events.ts';
import { isWindowOpen } from '../publish/activation-window.ts';
import type { Rollouts } from '../publish/rollouts.ts';
import type { Consents } from './consents.ts';
import { planRollout, type RolloutEdge, type RolloutMove } from './rollout-plan.ts';
import { type JudgedEdge, judgeEdges } from './verdict-state.ts';

/** The time between two looks at open rollouts, at most. Reports of edges wake the driver earlier. */
const LOOK_MS = 500;
/** Without an open rollout, the driver looks this often. Another origin node may have begun one. */
const IDLE_MS = 60_000;
/** New evidence that decides nothing is stored this often. */
const STORE_MS = 2000;

/** What the origin knows about the edges of a rollout. */
export interface RolloutFleet {
  /** Wakes when an edge has reported. */
  readonly changed: WakeupSource;
  /** The edges that may take part. */
  rolloutEdges(site: { readonly id: number; readonly name: string }, revision: number): RolloutEdge[];
  /** The named edges, as they are judged. Members that were removed are left out. */
  judgedEdges(names: readonly string[], site: number, revision: number): JudgedEdge[];
  /** How quick all other edges answer meanwhile. */
  speedBeside(names: readonly string[], site: number, revision: number): Speed;
}

export interface DriverParts {
  readonly rollouts: Pick<Rollouts, 'changed' | 'open' | 'note' | 'step' | 'finish' | 'fail'>;
  readonly catalog: Pick<Remote<RevisionReads>, 'revision'> & Pick<Remote<SiteReads>, 'site'>;
  readonly fleet: RolloutFleet;
  /** Wakes when a rollout has begun. */
  readonly begun: WakeupSource;
  readonly clock: Clock;
  readonly consents: Pick<Consents, 'of' | 'ask' | 'keep' | 'answered'>;
  /** Makes edges report now. */
  readonly call: (edges: readonly string[]) => void;
  readonly note: EventNotes['note'];
  readonly log: Logger;
}

/**
 * Takes the rollouts of all sites forward or back, one decision of a site at a time. Everything that it knows is in the catalog or
 * in the reports of edges, so it goes on after a restart of the origin.
 */
export class RolloutDriver {
  readonly #parts: DriverParts;
  /** The evidence that was last stored, by site, and when. */
  readonly #stored = new Map<number, { readonly text: string; readonly at: number }>();
  /** The sites whose rollout is being taken forward or back. */
  readonly #driven = new Map<number, Promise<void>>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  async run(stopping: AbortSignal): Promise<void> {
    const { rollouts, fleet, begun, consents, log } = this.#parts;
    while (!stopping.aborted) {
      const over = new AbortController();
      const either = AbortSignal.any([stopping, over.signal]);
      // The wait begins before the look, so whatever happens during the look ends it.
      const woken = Promise.race(
        [rollouts.changed, begun, consents.answered].map((wakeup) => wakeup.wait(IDLE_MS, either)),
      );
      const reported = fleet.changed.wait(LOOK_MS, either);
      const open = await this.#look(stopping).catch((err: unknown) => {
        if (!stopping.aborted) log.error({ err }, 'the rollouts could not be read; the origin tries again');
        return true;
      });
      await (open ? Promise.race([woken, reported]) : woken);
      over.abort();
    }
    await Promise.all(this.#driven.values());
  }

  /**
   * Returns whether a rollout is open. Rollouts do not wait for each other: one whose site is being published waits for
   * that publish, which may take minutes.
   */
  async #look(stopping: AbortSignal): Promise<boolean> {
    const { rollouts, clock } = this.#parts;
    const open = await rollouts.open();
    for (const site of this.#stored.keys())
      if (!open.some((rollout) => rollout.site === site)) this.#stored.delete(site);
    this.#parts.consents.keep(new Set(open.map(({ site }) => site)));
    if (stopping.aborted) return false;
    const begun = open
      .filter(({ site }) => !this.#driven.has(site))
      .map((rollout) => this.#begin(rollout, stopping));
    const over = new AbortController();
    const patience = clock.sleep(LOOK_MS, AbortSignal.any([stopping, over.signal])).catch(() => {});
    await Promise.race([Promise.all(begun), patience]);
    over.abort();
    return open.length > 0;
  }

  #begin(rollout: RolloutRow, stopping: AbortSignal): Promise<void> {
    const { site, siteName } = rollout;
    const driven = this.#drive(rollout)
      .catch((err: unknown) => {
        const what = 'a rollout could not be taken forward; the origin tries again';
        if (!stopping.aborted) this.#parts.log.error({ err, site: siteName }, what);
      })
      .finally(() => this.#driven.delete(site));
    this.#driven.set(site, driven);
    return driven;
  }

  async #drive(rollout: RolloutRow): Promise<void> {
    const { fleet, clock, consents } = this.#parts;
    const { site: id, siteName: name, revision, policy } = rollout;
    const edges = fleet.rolloutEdges({ id, name }, revision);
    const beside = fleet.speedBeside(rollout.edges, id, revision);
    const evidence = judgeEdges(fleet.judgedEdges(rollout.edges, id, revision), beside, policy.guards);
    const now = clock.now();
    const consent = consents.of(rollout);
    const mayBegin = rollout.step > 0 || (await this.#mayBegin(rollout, now));
    const move = planRollout({ rollout, edges, evidence, now, mayBegin, consent });
    const { webhook } = policy.guards;
    if (move.kind === 'ask' && webhook !== undefined) consents.ask(rollout, webhook, evidence);
    await this.#carryOut(rollout, move, evidence);
  }

  /** False for a batch publish outside its window. */
  async #mayBegin({ site, revision }: RolloutRow, now: number): Promise<boolean> {
    const { catalog } = this.#parts;
    const { mode } = await catalog.revision(site, revision);
    return mode !== 'batch' || isWindowOpen((await catalog.site(site)).policy, now);
  }

  async #carryOut(rollout: RolloutRow, move: RolloutMove, evidence: RolloutEvidence): Promise<void> {
    const { rollouts, call, note } = this.#parts;
    const { siteName: site, revision } = rollout;
    const isFirst = rollout.step === 0;
    const told = (kind: Parameters<EventNotes['note']>[0]['kind'], cause: string, what = {}) =>
      note({ kind, site, cause, what: { revision, ...what } });
    switch (move.kind) {
      case 'wait':
      case 'ask':
        return this.#store(rollout, evidence);
      case 'step':
        await rollouts.step(rollout, move, evidence);
        call(move.edges);
        return told('rollout-step', isFirst ? 'the edges have the revision' : 'the edges before are good', {
          step: rollout.step + 1,
          edges: move.edges.length,
        });
      case 'activate':
        await rollouts.note(rollout, { evidence });
        await rollouts.finish(rollout.site);
        return told('rollout-done', 'no step gave a reason to stop');
      case 'pause':
        await rollouts.note(rollout, { state: 'paused', reason: move.reason, evidence });
        return told('rollout-paused', move.reason);
      case 'fail':
        await rollouts.fail(rollout, move.reason, evidence);
        call(rollout.edges);
        return told('rollout-failed', move.reason);
    }
  }

  async #store(rollout: RolloutRow, evidence: RolloutEvidence): Promise<void> {
    const at = this.#parts.clock.monotonic();
    const text = JSON.stringify(evidence);
    const stored = this.#stored.get(rollout.site);
    if (stored !== undefined && (stored.text === text || at - stored.at < STORE_MS)) return;
    await this.#parts.rollouts.note(rollout, { evidence });
    this.#stored.set(rollout.site, { text, at });
  }
}

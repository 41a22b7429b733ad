import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { MOST_TRIALS } from '../../shared/wire/protocol.ts';
import { type Beside, SLOT_SECONDS, type Trial } from '../../shared/wire/rollout-api.ts';
import type { ServingCounters } from '../messages/counters.ts';
import type { SiteView } from '../messages/views.ts';
import { AnswerSlots } from './answer-slots.ts';
import { trialOf } from './trial-counts.ts';

/** Between two looks at what readers meet. */
const LOOK_MS = 250;
/** Between two rounds of requests for the paths that must answer. */
const ASK_MS = 1000;
/** A path fails when it does not answer so often in a row. */
const FAILURES = 2;
const IDLE_MS = 60_000;

/** What serves readers, as trials see it. */
export interface TrialSource {
  /** The current counts of the serving processes. */
  counters(): Promise<readonly ServingCounters[]>;
  /** The counts that the serving processes last sent, at most a second or two ago. */
  lastCounters(): readonly ServingCounters[];
  /** How many serving processes have ended by themselves. */
  deaths(): number;
  /** Whether a path of a site answers to a reader with its own bytes. */
  answers(
    view: Pick<SiteView, 'id' | 'name' | 'revision'>,
    path: string,
    signal: AbortSignal,
  ): Promise<boolean>;
}

interface OnTrial {
  readonly view: SiteView;
  readonly paths: readonly string[];
  readonly deathsBefore: number;
  /** How often each path has failed in a row. */
  readonly failures: Map<string, number>;
  asked: number;
}

export interface TrialsParts {
  /** Undefined for an edge that serves no readers. */
  readonly source: TrialSource | undefined;
  readonly clock: Clock;
  /** Called when something bad has happened, so that the origin learns of it at once. */
  readonly changed: () => void;
}

/** Observes the revisions that this edge shows on trial. */
export class Trials {
  readonly #parts: TrialsParts;
  readonly #trials = new Map<number, OnTrial>();
  readonly #woken = new Wakeup();
  readonly #slots = new AnswerSlots();
  /** The sites of which other edges show a revision on trial. */
  #beside: readonly { readonly site: number; readonly name: string; readonly revision: number }[] = [];
  #latest: readonly Trial[] = [];

  constructor(parts: TrialsParts) {
    this.#parts = parts;
  }

  get areOn(): boolean {
    return this.#trials.size > 0;
  }

  /** The newest counts, for reports. */
  get latest(): readonly Trial[] {
    return this.#latest;
  }

  /** How quick this edge answers where other edges show a revision on trial, for reports. */
  get beside(): readonly Beside[] {
    return this.#beside.map(({ site, name, revision }) => ({
      ...{ site, revision, speed: this.#slots.of(name).speed },
    }));
  }

  /** Called when the serving processes show these views. */
  shown(views: readonly SiteView[]): void {
    const { source } = this.#parts;
    const live = views.filter(({ alias }) => alias === null);
    const onTrial = live.filter(({ trial }) => trial !== null).slice(0, MOST_TRIALS);
    this.#beside = live
      .flatMap(({ id, name, former: { beside } }) =>
        beside?.isNewer ? [{ site: id, name, revision: beside.revision }] : [],
      )
      .slice(0, MOST_TRIALS);
    this.#slots.observe([
      ...onTrial.map(({ name, revision }) => ({ name, revision, isTrial: true })),
      ...this.#beside.map(({ name, revision }) => ({ name, revision, isTrial: false })),
    ]);
    for (const [site, { view }] of this.#trials)
      if (!onTrial.some(({ id, revision }) => id === site && revision === view.revision))
        this.#trials.delete(site);
    for (const view of onTrial) {
      if (source === undefined || this.#trials.has(view.id)) continue;
      const paths = view.trial?.paths ?? [];
      this.#trials.set(view.id, {
        ...{ view, paths, deathsBefore: source.deaths(), failures: new Map(), asked: 0 },
      });
    }
    if (!this.areOn) this.#latest = [];
    this.#woken.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#always(LOOK_MS, () => this.#look(), signal),
      this.#always(ASK_MS, () => this.#ask(signal), signal),
      this.#countSlots(signal),
    ]);
  }

  /** The minutes before a rollout are counted, too. */
  async #countSlots(signal: AbortSignal): Promise<void> {
    const { source, clock } = this.#parts;
    while (source !== undefined && !signal.aborted) {
      await clock.sleep(SLOT_SECONDS * 1000, signal).catch(() => {});
      if (signal.aborted) return;
      const requests = new Map(
        [...this.#trials.values()].map(({ view: { id, name } }) => [
          name,
          this.#latest.find(({ site }) => site === id)?.requests ?? 0,
        ]),
      );
      this.#slots.tick(source.lastCounters(), requests);
    }
  }

  async #always(ms: number, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      if (!this.areOn) await this.#woken.wait(IDLE_MS, signal);
      if (signal.aborted || !this.areOn) continue;
      // What fails now is counted at the next look.
      await act().catch(() => {});
      await clock.sleep(ms, signal).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const { source, changed } = this.#parts;
    if (source === undefined) return;
    const counters = await source.counters();
    const before = badness(this.#latest);
    this.#latest = [...this.#trials.values()].map(({ view, paths, deathsBefore, failures, asked }) =>
      trialOf(view, counters, {
        deaths: source.deaths() - deathsBefore,
        checks: {
          asked: paths.length,
          failed: [...failures.values()].filter((times) => times >= FAILURES).length,
        },
        asked,
        slots: this.#slots.of(view.name),
      }),
    );
    if (badness(this.#latest) !== before) changed();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { source } = this.#parts;
    if (source === undefined) return;
    for (const trial of this.#trials.values())
      for (const path of trial.paths) {
        if (signal.aborted) return;
        trial.asked++;
        const isAnswered = await source.answers(trial.view, path, signal).catch(() => false);
        trial.failures.set(path, isAnswered ? 0 : (trial.failures.get(path) ?? 0) + 1);
      }
  }
}

function badness(trials: readonly Trial[]): string {
  return JSON.stringify(
    trials.map(({ site, lost, broken, rehearsal, errors, deaths, checks }) => [
      ...[site, lost, broken, rehearsal.lost, errors, deaths],
      checks.failed,
    ]),
  );
}

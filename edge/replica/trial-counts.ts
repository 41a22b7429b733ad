import type { Difference, Trial } from '../../shared/wire/rollout-api.ts';
import { MOST_WORST } from '../../shared/wire/rollout-api.ts';
import type { AnswerCounts, ServingCounters } from '../messages/counters.ts';
import type { SlotCounts } from './answer-slots.ts';

/** What only the replicating process knows about a revision on trial. */
export interface OwnCounts extends Pick<Trial, 'deaths' | 'checks'> {
  /** The requests with which this edge has asked itself. They are no readers' requests. */
  readonly asked: number;
  readonly slots: SlotCounts;
}

/** Adds up what the serving processes have counted under a revision that is on trial. */
export function trialOf(
  { id, name, revision }: { readonly id: number; readonly name: string; readonly revision: number },
  processes: readonly ServingCounters[],
  { deaths, checks, asked, slots }: OwnCounts,
): Trial {
  // A process that has not switched yet still counts under the previous revision.
  const counted = processes
    .flatMap((sites) => sites[name] ?? [])
    .filter(({ shown }) => shown.revision === revision);
  const sum = (of: (one: (typeof counted)[number]) => number) =>
    counted.reduce((total, one) => total + of(one), 0);
  const past = (of: keyof AnswerCounts) => sum(({ past }) => past[of]);
  const all = sum(({ requests }) => Object.values(requests).reduce((total, count) => total + count, 0));
  const errors = sum(({ requests, shown }) => (requests['5xx'] ?? 0) - shown.errors);
  return {
    ...{ site: id, revision, deaths, checks, ...slots },
    requests: Math.max(0, all - sum(({ shown }) => shown.requests) - asked),
    lost: sum(({ trial }) => trial.lost),
    broken: sum(({ trial }) => trial.broken),
    rehearsal: {
      requests: sum(({ trial }) => trial.rehearsal?.requests ?? 0),
      lost: sum(({ trial }) => trial.rehearsal?.lost ?? 0),
    },
    errors: Math.max(0, errors - sum(({ trial }) => trial.lostErrors)),
    past: { requests: past('requests'), broken: past('broken'), errors: past('errors') },
    worst: worstOf(counted.flatMap(({ trial }) => trial.worst)),
  };
}

function worstOf(differences: readonly Difference[]): Difference[] {
  const byPath = new Map<string, Difference>();
  for (const one of differences) {
    const known = byPath.get(one.path);
    byPath.set(one.path, known === undefined ? one : { ...known, count: known.count + one.count });
  }
  return [...byPath.values()].sort((a, b) => b.count - a.count).slice(0, MOST_WORST);
}

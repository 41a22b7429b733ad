import type { Clock } from '../../shared/clock.ts';
import { SLOWER, type Speed } from '../../shared/wire/rollout-api.ts';
import type { RolloutFleet } from '../rollout/driver.ts';
import type { RolloutEdge } from '../rollout/rollout-plan.ts';
import type { JudgedEdge } from '../rollout/verdict-state.ts';
import { type EdgeRecord, leaseLeft, shownRevision } from './edge-record.ts';
import type { InProcessFleet } from './in-process-fleet.ts';

/** The fleet as rollouts see it. */
export function rolloutFleet(
  fleet: Pick<InProcessFleet, 'changed' | 'participants' | 'records'>,
  clock: Pick<Clock, 'monotonic'>,
): RolloutFleet {
  const named = (names: readonly string[]) =>
    names
      .map((name) => fleet.records.get(name))
      .filter((edge) => edge !== undefined)
      .filter(({ row }) => !row.revoked);
  return {
    changed: fleet.changed,
    rolloutEdges: (site, revision) =>
      named(fleet.participants(site.name)).map((edge) => rolloutEdge(edge, site.id, revision)),
    judgedEdges: (names, site, revision) =>
      named(names).map((edge) => judgedEdge(edge, { site, revision, now: clock.monotonic() })),
    speedBeside(names, site, revision) {
      const others = [...fleet.records.values()].filter(({ row }) => !names.includes(row.name));
      return sumOf(others.flatMap((edge) => speedOf(edge, site, revision)));
    },
  };
}

function rolloutEdge(edge: EdgeRecord, site: number, revision: number): RolloutEdge {
  const { row, report, load } = edge;
  const isShown = shownRevision(edge, site) === revision;
  const prepared = report?.sites.find((reported) => reported.site === site)?.prepared;
  return {
    ...{ name: row.name, region: row.region, labels: row.labels, load, isShown },
    isPrepared: isShown || prepared === revision,
  };
}

function judgedEdge(
  edge: EdgeRecord,
  { site, revision, now }: { readonly site: number; readonly revision: number; readonly now: number },
): JudgedEdge {
  const trial = edge.report?.trials?.find((one) => one.site === site && one.revision === revision);
  const silentMs = leaseLeft(edge, now) > 0 ? 0 : now - edge.leaseUntil;
  return { name: edge.row.name, silentMs, isDrained: edge.row.drained, trial: trial ?? null };
}

function speedOf({ report }: EdgeRecord, site: number, revision: number): readonly Speed[] {
  const one = report?.beside?.find((one) => one.site === site && one.revision === revision);
  return one === undefined ? [] : [one.speed];
}

function sumOf(speeds: readonly Speed[]): Speed {
  return {
    slots: speeds.reduce((sum, { slots }) => sum + slots, 0),
    slower: SLOWER.map((_, i) => speeds.reduce((sum, { slower }) => sum + (slower[i] ?? 0), 0)),
  };
}

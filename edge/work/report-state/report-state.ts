import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import { fitting } from '../../../shared/work/fitting.ts';
import { MOST_STATE, type ReportStateResult } from '../../../shared/work/report-state.ts';
import type { ReplicaStatus, SiteStatus, StorageStatus } from '../../report/replica-status.ts';
import { withoutSecrets } from './without-secrets.ts';

const MOST_CHARACTERS = 1000;

/** Information that the operating system provides about itself and about this process. */
export interface Machine {
  readonly skerry: string;
  readonly node: string;
  readonly sqlite: string;
  readonly system: string;
  readonly amounts: ReportStateResult['machine'];
}

export interface EdgeState {
  readonly status: ReplicaStatus;
  readonly storage: StorageStatus | null;
  readonly limits: EdgeLimits;
  /** Oldest first. */
  readonly lines: readonly string[];
  readonly machine: Machine;
}

/** Builds a support bundle that fits into a result. Secrets are removed from its texts. */
export function reportState({ status, storage, limits, lines, machine }: EdgeState): ReportStateResult {
  const { sites, faults, position, head, parent, upstream, isPaused, isRefused, isDiverged } = status;
  const { leaseSeconds, contactSeconds, clockOffset } = status;
  return {
    versions: {
      ...{ skerry: safe(machine.skerry), node: safe(machine.node) },
      ...{ sqlite: safe(machine.sqlite), system: safe(machine.system) },
    },
    machine: machine.amounts,
    limits: {
      sites: limits.sites?.length ?? null,
      prefixes: limits.prefixes?.length ?? null,
      ...{ delay: limits.delay, rate: limits.rate, storage: limits.storage },
      schedule: limits.schedule && safe(Object.values(limits.schedule).join(', ')),
    },
    storage: storage && { ...storage },
    status: {
      ...{ position, head, parent, upstream: safe(upstream), isPaused, isRefused, isDiverged },
      ...{ leaseSeconds, contactSeconds, clockOffset },
    },
    siteCount: sites.length,
    sites: fit(sites.toSorted(behindFirst).map(shownSite), MOST_STATE.sites),
    faults: newest(
      faults.map(({ time, code, message, upstream }) => ({
        ...{ time, code, message: safe(message), upstream: safe(upstream) },
      })),
      MOST_STATE.faults,
    ),
    lines: newest(lines.map(safe), MOST_STATE.lines),
  };
}

interface Most {
  readonly items: number;
  readonly bytes: number;
}

const fit = <T>(all: readonly T[], { items, bytes }: Most) => fitting(all, bytes, items);
const newest = <T>(oldestFirst: readonly T[], most: Most) => fit(oldestFirst.toReversed(), most).reverse();
const safe = (text: string) => withoutSecrets(text).slice(0, MOST_CHARACTERS);

const isCurrent = ({ revision, target, error }: SiteStatus) => revision === target && error === null;
const behindFirst = (a: SiteStatus, b: SiteStatus) => Number(isCurrent(a)) - Number(isCurrent(b));

function shownSite({ name, revision, target, prepared, pendingBytes, error }: SiteStatus) {
  return { name, revision, target, prepared, pendingBytes, error: error && safe(error) };
}

import type { SitePolicy } from '../../shared/site/site-policy.ts';
import type { Random } from '../helpers/random.ts';
import { PATHS, type Path } from './sync-content.ts';
import { EDGE_FAULTS, type PlannedFault } from './sync-faults.ts';

/** On STRICT, edges without a lease refuse requests. On LOOSE, they continue to serve. */
export const STRICT = 'strict';
export const LOOSE = 'loose';

/** This site gets async publishes during the sync ones. */
export const BESIDE = 'beside';

/** The paths of each site. A large file makes a site's publishes slow. */
export const HOLDS: Readonly<Record<string, readonly Path[]>> = {
  [STRICT]: ['index.html', 'page.txt'],
  [LOOSE]: PATHS,
  [BESIDE]: ['index.html', 'page.txt'],
};

export type SyncPolicy = SitePolicy['sync'];

/** The shortest time-out of a site whose edges refuse without a lease. Leases end within it. */
const REFUSING_S = 10;

export interface PlannedRound {
  readonly policies: Readonly<Record<typeof STRICT | typeof LOOSE, SyncPolicy>>;
  /** When each publish begins, counted from the beginning of the round. */
  readonly publishes: readonly { readonly site: typeof STRICT | typeof LOOSE; readonly at: number }[];
  readonly faults: readonly PlannedFault[];
  /** Before this round, all edges are back and all faults are over. */
  readonly isCalm: boolean;
  /** A publish whose answer is lost is repeated once. */
  readonly repeats: boolean;
}

/** Plans rounds until enough is published. The same seed gives the same rounds. */
export function* planRounds(dice: Random, publishes: number, edges: number, isQuick: boolean) {
  for (let left = publishes; left > 0; ) {
    const round = isQuick
      ? planQuick(dice, left, edges)
      : dice.below(10) === 0
        ? planReturn(dice, edges)
        : planRound(dice, left, edges);
    left -= round.publishes.length;
    yield round;
  }
}

function planRound(dice: Random, left: number, edges: number): PlannedRound {
  const site = dice.below(5) < 3 ? STRICT : LOOSE;
  const other = site === STRICT ? LOOSE : STRICT;
  const count = Math.min(left, dice.below(10) < 7 ? 1 : 2 + dice.below(2));
  const begin = dice.below(700);
  const isElsewhere = dice.below(3) === 0;
  const at = Array.from({ length: count }, (_, i) => begin + i * dice.below(150));
  const faults = [0, 1, 2, 2, 3][dice.below(5)] ?? 0;
  return {
    policies: {
      [STRICT]: policy(dice, edges, 'refuse'),
      [LOOSE]: policy(dice, edges, 'serve'),
    },
    publishes: at.map((at, i) => ({ site: i > 0 && isElsewhere ? other : site, at })),
    faults: [
      ...Array.from({ length: faults }, () => edgeFault(dice, edges, begin)),
      ...(dice.below(9) === 0
        ? [{ kind: 'kill-origin' as const, edge: -1, at: moment(dice, begin), lasts: dice.below(1200) }]
        : []),
    ],
    isCalm: dice.below(5) < 2,
    repeats: dice.below(2) === 0,
  };
}

const QUICK_FAULTS = [
  'kill-replicator',
  'kill-serving',
  'stop-replicator',
  'stop-serving',
  'stop-all',
  'cut',
  'freeze',
] as const;

/** Plans two publishes to a site, and a short fault during them. */
function planQuick(dice: Random, left: number, edges: number): PlannedRound {
  const site = dice.pick([STRICT, LOOSE] as const);
  const kind = dice.pick(QUICK_FAULTS);
  const at = moment(dice, 100);
  return {
    policies: {
      [STRICT]: { ...policy(dice, edges, 'refuse'), timeout: REFUSING_S },
      [LOOSE]: { ...policy(dice, edges, 'serve'), timeout: 3 },
    },
    publishes: [100, 150].slice(0, left).map((at) => ({ site, at })),
    faults: [{ kind, edge: dice.below(edges), at, lasts: 50 + dice.below(600) }],
    isCalm: false,
    repeats: false,
  };
}

/**
 * An edge that was away for longer than its lease returns during a publish. The publish did not wait for this edge, and
 * another edge holds it up.
 */
function planReturn(dice: Random, edges: number): PlannedRound {
  const away = dice.below(edges);
  const slow = (away + 1 + dice.below(edges - 1)) % edges;
  const lasts = 6800 + dice.below(1000);
  const begin = lasts - 700 + dice.below(900);
  const kind = dice.pick(['cut', 'freeze', 'stop-replicator', 'kill-edge'] as const);
  const sync = { require: 'all', timeout: 12, onFailure: 'abort' } as const;
  return {
    policies: {
      [STRICT]: { ...sync, withoutLease: 'refuse' },
      [LOOSE]: { ...sync, withoutLease: 'serve' },
    },
    publishes: [{ site: STRICT, at: begin }],
    faults: [
      { kind, edge: away, at: 0, lasts },
      {
        kind: 'stop-replicator',
        edge: slow,
        at: begin - 200 + dice.below(250),
        lasts: 500 + dice.below(2000),
      },
    ],
    isCalm: true,
    repeats: false,
  };
}

function policy(dice: Random, edges: number, withoutLease: SyncPolicy['withoutLease']): SyncPolicy {
  return {
    require: dice.below(5) < 3 ? 'all' : { quorum: 1 + dice.below(edges) },
    timeout: (withoutLease === 'refuse' ? REFUSING_S : 3) + dice.below(6),
    onFailure: dice.below(3) === 0 ? 'degrade' : 'abort',
    withoutLease,
  };
}

function edgeFault(dice: Random, edges: number, begin: number): PlannedFault {
  const length = dice.below(20);
  const lasts =
    length < 11 ? 100 + dice.below(1400) : length < 16 ? 1500 + dice.below(3000) : 6500 + dice.below(3500);
  return {
    kind: dice.pick(EDGE_FAULTS),
    edge: dice.below(edges),
    at: moment(dice, begin),
    lasts,
  };
}

/** Half of the moments are in the middle of the publish, which takes some 100 ms when nothing is wrong. */
function moment(dice: Random, begin: number): number {
  return dice.below(2) === 0 ? Math.max(0, begin - 20 + dice.below(200)) : dice.below(1200);
}

import { type Random, random } from '../helpers/random.ts';

/** The edge to which a step happens. */
export type Who = 'edge' | 'parent';

export type Damage =
  | 'object-flip'
  | 'object-loss'
  | 'entry-flip'
  | 'entry-loss'
  | 'entry-extra'
  | 'entry-hash'
  | 'bucket-flip'
  | 'bucket-loss';

/** The upstreams that the edge follows, best first. */
export type Route = 'origin' | 'parent' | 'parent, origin' | 'origin, parent';

export type Step =
  | {
      readonly kind: 'publish';
      readonly site: number;
      readonly mode: 'async' | 'batch' | 'sync';
      readonly seed: number;
    }
  /** The pending revision becomes live, or is aborted. */
  | { readonly kind: 'resolve'; readonly site: number; readonly by: 'activate' | 'abort' }
  | { readonly kind: 'rollback'; readonly site: number; readonly seed: number }
  | { readonly kind: 'draft'; readonly site: number; readonly alias: string; readonly seed: number }
  /** The alias points at any revision. */
  | { readonly kind: 'point'; readonly site: number; readonly alias: string; readonly seed: number }
  | { readonly kind: 'activate'; readonly site: number; readonly alias: string }
  | { readonly kind: 'unname'; readonly site: number; readonly alias: string }
  /** A revision that edges take in and only some of them show. */
  | { readonly kind: 'roll-out'; readonly site: number; readonly seed: number }
  /** More edges show it, it becomes live, or it is taken back. */
  | {
      readonly kind: 'roll-on';
      readonly site: number;
      readonly by: 'step' | 'finish' | 'abort';
      readonly who: Who;
    }
  /** The origin is killed before its catalog is called once more than `calls` times, and starts again. */
  | { readonly kind: 'kill-origin'; readonly calls: number; readonly during: Step }
  | { readonly kind: 'prune-origin'; readonly log: boolean }
  | { readonly kind: 'prune'; readonly who: Who }
  | { readonly kind: 'cut'; readonly who: Who; readonly bytes: number; readonly times: number }
  | { readonly kind: 'network'; readonly who: Who; readonly isDown: boolean }
  | { readonly kind: 'crash'; readonly who: Who; readonly calls: number; readonly power: boolean }
  | {
      readonly kind: 'damage';
      readonly who: Who;
      readonly what: Damage;
      readonly seed: number;
      readonly repairs: boolean;
    }
  | { readonly kind: 'filter'; readonly sites: boolean; readonly prefixes: readonly string[] | null }
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'pause'; readonly who: Who; readonly paused: boolean }
  | { readonly kind: 'delete-site'; readonly site: number }
  | { readonly kind: 'task'; readonly seed: number }
  /** A task is cancelled, or retried when it has not succeeded. */
  | { readonly kind: 'change-task'; readonly seed: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'wait'; readonly ms: number };

export interface Plan {
  readonly sites: number;
  readonly hasParent: boolean;
  readonly route: Route;
  readonly steps: readonly Step[];
}

const LONGEST = 22;
const DAMAGES: readonly Damage[] = [
  ...(['object-flip', 'object-loss', 'entry-flip', 'entry-loss', 'entry-extra'] as const),
  ...(['entry-hash', 'bucket-flip', 'bucket-loss'] as const),
];
const PREFIXES = [null, null, ['a/'], ['b/'], ['a/', 'b/'], ['a/x']] as const;

/**
 * The plan of one sequence. It is the same for the same seed and number. `without` leaves out kinds of steps and of
 * damage, so that a known failure does not hide other faults.
 */
export function planOf(seed: number, sequence: number, without: readonly string[] = []): Plan {
  const dice = random(Math.imul(seed, 1_000_003) ^ Math.imul(sequence + 1, 0x9e3779b1));
  const hasParent = dice.below(3) === 0;
  const sites = 1 + dice.below(2);
  const routes: readonly Route[] = hasParent ? ['parent', 'parent, origin', 'origin, parent'] : ['origin'];
  const first: Step[] = Array.from({ length: sites }, (_, site) => publish(dice, site, 'async'));
  const count = 4 + dice.below(LONGEST - 4);
  const rest = Array.from({ length: count }, () => stepOf(dice, sites, hasParent));
  const isLeftOut = (step: Step) =>
    without.includes(step.kind) ||
    (step.kind === 'damage' && without.includes(step.what)) ||
    (step.kind === 'prune-origin' && step.log && without.includes('prune-log'));
  const route = dice.pick(routes);
  const woven = dice.below(8) === 0 ? weave(dice, rest, cutOffCanary(dice, sites, hasParent)) : rest;
  const steps = [...first, ...woven].filter((step) => !isLeftOut(step));
  return { sites, hasParent, route, steps };
}

/** Puts the steps of `thread` between the others, in their order. */
function weave(dice: Random, others: readonly Step[], thread: readonly Step[]): Step[] {
  const places = thread.map(() => dice.below(others.length + 1)).sort((a, b) => a - b);
  return [...others, undefined].flatMap((other, place) => [
    ...thread.filter((_, i) => places[i] === place),
    ...(other === undefined ? [] : [other]),
  ]);
}

/** A canary loses the origin. The rollout ends, the log is pruned, and the canary comes back. */
function cutOffCanary(dice: Random, sites: number, hasParent: boolean): Step[] {
  const site = dice.below(sites);
  const who: Who = hasParent && dice.below(2) === 0 ? 'parent' : 'edge';
  return [
    { kind: 'roll-out', site, seed: dice.below(1_000_000) },
    { kind: 'roll-on', site, by: 'step', who },
    { kind: 'settle' },
    { kind: 'network', who, isDown: true },
    { kind: 'roll-on', site, by: dice.pick(['abort', 'abort', 'abort', 'finish']), who },
    { kind: 'prune-origin', log: true },
    { kind: 'network', who, isDown: false },
    { kind: 'settle' },
  ];
}

function stepOf(dice: Random, sites: number, hasParent: boolean): Step {
  const site = dice.below(sites);
  const who: Who = hasParent && dice.below(2) === 0 ? 'parent' : 'edge';
  const aside = dice.below(7);
  if (aside === 0) return aliasStep(dice, site);
  if (aside === 1) return rolloutStep(dice, site, who);
  if (aside === 2 && dice.below(3) === 0) return killStep(dice, site, who);
  const at = dice.below(100);
  if (at < 23) return publish(dice, site, dice.pick(['async', 'async', 'async', 'batch', 'sync']));
  if (at < 28) return { kind: 'task', seed: dice.below(1_000_000) };
  if (at < 30) return { kind: 'change-task', seed: dice.below(1_000_000) };
  if (at < 37) return { kind: 'resolve', site, by: dice.pick(['activate', 'activate', 'abort']) };
  if (at < 41) return { kind: 'rollback', site, seed: dice.below(1_000_000) };
  if (at < 46) return { kind: 'prune-origin', log: dice.below(2) === 0 };
  if (at < 51) return { kind: 'prune', who };
  if (at < 57)
    return { kind: 'cut', who, bytes: dice.pick([0, 200, 1500, 20_000, 300_000]), times: 1 + dice.below(4) };
  if (at < 60) return { kind: 'network', who, isDown: dice.below(2) === 0 };
  if (at < 72)
    return { kind: 'crash', who, calls: dice.below(dice.pick([5, 40, 90])), power: dice.below(3) === 0 };
  if (at < 78)
    return {
      kind: 'damage',
      who,
      what: dice.pick(DAMAGES),
      seed: dice.below(1_000_000),
      repairs: dice.below(3) > 0,
    };
  if (at < 83) return { kind: 'filter', sites: dice.below(4) === 0, prefixes: dice.pick(PREFIXES) };
  if (at < 87 && hasParent)
    return { kind: 'route', route: dice.pick(['origin', 'parent', 'parent, origin', 'origin, parent']) };
  if (at < 90) return { kind: 'pause', who, paused: dice.below(2) === 0 };
  if (at < 91) return { kind: 'delete-site', site };
  if (at < 96) return { kind: 'settle' };
  return { kind: 'wait', ms: dice.below(8) };
}

function aliasStep(dice: Random, site: number): Step {
  const alias = dice.pick(['one', 'two']);
  const at = dice.below(10);
  if (at < 4) return { kind: 'draft', site, alias, seed: dice.below(1_000_000) };
  if (at < 6) return { kind: 'point', site, alias, seed: dice.below(1_000_000) };
  if (at < 8) return { kind: 'activate', site, alias };
  return { kind: 'unname', site, alias };
}

function rolloutStep(dice: Random, site: number, who: Who): Step {
  const at = dice.below(10);
  if (at < 4) return { kind: 'roll-out', site, seed: dice.below(1_000_000) };
  return { kind: 'roll-on', site, by: dice.pick(['step', 'step', 'step', 'finish', 'abort']), who };
}

/** A rollout or a publish is cut short, or the origin is killed after it. */
function killStep(dice: Random, site: number, who: Who): Step {
  const during = dice.below(4) === 0 ? publish(dice, site, 'async') : rolloutStep(dice, site, who);
  return { kind: 'kill-origin', calls: dice.below(dice.pick([6, 16, 40])), during };
}

function publish(dice: Random, site: number, mode: 'async' | 'batch' | 'sync'): Step {
  return { kind: 'publish', site, mode, seed: dice.below(1_000_000) };
}

/** How a path's content changes. Null deletes it. */
export type TreeChange = readonly [
  path: string,
  content: { readonly seed: number; readonly size: number } | null,
];

const PATHS = [
  'index.html',
  'a/x.js',
  'a/y.js',
  'a/x/deep.css',
  'b/one.png',
  'b/two.png',
  'c/app.3f2a1c.js',
  'big.bin',
];

/** The changes of a publish to a tree: puts, edits, deletes, and moved files. */
export function changesOf(
  seed: number,
  tree: ReadonlyMap<string, string>,
): { changes: TreeChange[]; moves: [string, string][] } {
  const dice = random(seed);
  const changes = new Map<string, TreeChange[1]>();
  const moves: [string, string][] = [];
  for (let i = 1 + dice.below(4); i > 0; i--) {
    const path = dice.pick(PATHS);
    const kind = dice.below(10);
    const held = [...tree.keys()];
    if (kind === 0) changes.set(path, null);
    else if (kind === 1 && held.length > 0) {
      const from = dice.pick(held);
      const to = `b/moved-${dice.below(4)}.js`;
      if (from !== to && !changes.has(from) && !changes.has(to)) moves.push([from, to]);
    } else changes.set(path, { seed: dice.below(6), size: sizeOf(dice) });
  }
  return { changes: [...changes], moves };
}

function sizeOf(dice: Random): number {
  const kind = dice.below(40);
  if (kind === 0) return 1_100_000 + dice.below(900_000);
  if (kind < 5) return 66_000 + dice.below(200_000);
  if (kind === 5) return 0;
  return 1 + dice.below(4000);
}

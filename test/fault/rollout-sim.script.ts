/** `npm run test:rollout-sim -- [--same 10000] [--bad 2000] [--seed S]` */
import { parseArgs } from 'node:util';
import { planRollout, type RolloutEdge } from '../../origin/rollout/rollout-plan.ts';
import { ALPHA, judgeEdges } from '../../origin/rollout/verdict-state.ts';
import { READY_POLICIES } from '../../shared/site/ready-rollouts.ts';
import { SLOT_SECONDS, SLOWER, type Trial } from '../../shared/wire/rollout-api.ts';
import { type Random, random } from '../helpers/random.ts';

const { values } = parseArgs({
  options: {
    same: { type: 'string', default: '10000' },
    bad: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    /** Only this many requests per second and edge. */
    scale: { type: 'string' },
  },
});
const tell = (line: string) => process.stdout.write(`${line}\n`);
const SCALES = values.scale === undefined ? [0.1, 1, 10, 50] : [Number(values.scale)];
const EDGES = 20;
const LOOK_SECONDS = 0.5;
const LONGEST_SECONDS = 3600;
/** The time under the base before the rollout. */
const PAST_SECONDS = 3600;
const POLICY = READY_POLICIES.canary;

/** What the readers of an edge do. Rates are per second. */
interface Traffic {
  readonly requests: number;
  /** Shares of requests that fail under any revision. Several failures come together. */
  readonly broken: number;
  readonly errors: number;
  readonly cluster: number;
  /** Requests of one visit, at most. */
  readonly visit: number;
  /** The share of slots at which the machine begins to stall. */
  readonly stalls: number;
}

/** How an edge goes on from slot to slot: crawlers come for a while, and machines stall for a while. */
interface Course {
  isCrawled: boolean;
  isStalled: boolean;
}

/** The chances at the end of a slot. Crawlers stay for half a minute, and stalls last ten seconds. */
const CRAWLERS = { come: 0.01, go: 1 / 6, requests: 5 };
const STALL_ENDS = 1 / 2;
const BUSY_SLOTS = 100;

/** What the new revision adds. */
interface Badness {
  readonly lost: number;
  readonly broken: number;
  /** All its answers take ten times as long. */
  readonly isSlow?: boolean;
  /** So many seconds after the switch no reader comes any more. */
  readonly endsAfter?: number;
}

const NOTHING: Badness = { lost: 0, broken: 0 };

interface End {
  readonly kind: 'live' | 'taken back' | 'paused' | 'open';
  readonly seconds: number;
  /** Errors that the revision caused. */
  readonly met: number;
  readonly why?: string;
}

/** Plays one rollout with the product's own plan and verdict. */
function play(dice: Random, traffic: readonly Traffic[], badness: Badness): End {
  const past = traffic.map((one) => ({
    requests: poisson(dice, one.requests * PAST_SECONDS),
    broken: clustered(dice, one.requests * PAST_SECONDS * one.broken, one.cluster),
    errors: clustered(dice, one.requests * PAST_SECONDS * one.errors, one.cluster),
  }));
  const trials = new Map<string, Trial>();
  const courses = traffic.map(() => ({ isCrawled: false, isStalled: false }));
  const busy = traffic.map((one, i) => busySlots(dice, one, courses[i] ?? QUIET));
  const speeds = traffic.map(() => ({ slots: 0, slow: 0 }));
  const answered = traffic.map(() => 0);
  const shownFor = new Map<string, number>();
  const state = { step: 0, edges: [] as readonly string[], stepped: 0, dwell: 0 };
  let met = 0;
  for (let now = 0; now < LONGEST_SECONDS; now += LOOK_SECONDS) {
    for (const [name, trial] of trials) {
      const { requests, broken, errors, cluster } = traffic[Number(name.slice(1))] ?? NO_TRAFFIC;
      const seconds = (shownFor.get(name) ?? 0) + LOOK_SECONDS;
      shownFor.set(name, seconds);
      const isOver = seconds > (badness.endsAfter ?? Number.POSITIVE_INFINITY);
      const asked = isOver ? 0 : requests * LOOK_SECONDS;
      const visits = isOver
        ? 0
        : readers(
            dice,
            traffic[Number(name.slice(1))] ?? NO_TRAFFIC,
            courses[Number(name.slice(1))] ?? QUIET,
            LOOK_SECONDS,
          );
      const lost = poisson(dice, asked * badness.lost);
      const caused = poisson(dice, asked * badness.broken);
      met += lost + caused;
      trials.set(name, {
        ...trial,
        requests: trial.requests + visits,
        lost: trial.lost + lost,
        broken: trial.broken + caused + clustered(dice, asked * broken, cluster),
        errors: trial.errors + clustered(dice, asked * errors, cluster),
      });
    }
    if (now > 0 && now % SLOT_SECONDS === 0)
      for (const [i, one] of traffic.entries()) {
        const name = `e${i}`;
        const trial = trials.get(name);
        const speed = speeds[i] ?? { slots: 0, slow: 0 };
        const course = courses[i] ?? QUIET;
        // What was answered in this slot: for edges with the base, only how quick that was matters.
        const before = answered[i] ?? 0;
        const inSlot =
          trial === undefined ? readers(dice, one, course, SLOT_SECONDS) : trial.requests - before;
        if (inSlot >= 10) {
          speed.slots++;
          if (course.isStalled || (trial !== undefined && badness.isSlow)) speed.slow++;
        }
        advance(dice, one, course);
        if (trial === undefined) continue;
        answered[i] = trial.requests;
        const silence = { slots: inSlot > 0 ? 0 : trial.silence.slots + 1, of: trial.silence.of + 1 };
        trials.set(name, { ...trial, silence, speed: shown(speed) });
      }
    const judged = state.edges.map((name) => ({
      ...{ name, silentMs: 0, isDrained: false },
      trial: trials.get(name) ?? null,
    }));
    const others = speeds.filter((_, i) => !trials.has(`e${i}`));
    const beside = shown({ slots: sum(others, 'slots'), slow: sum(others, 'slow') });
    const move = planRollout({
      rollout: { ...state, revision: 7, state: 'running', policy: POLICY, began: 0 },
      edges: traffic.map((one, i) => edgeOf(i, one, state.edges)),
      evidence: judgeEdges(judged, beside, POLICY.guards),
      now: now * 1000,
      mayBegin: true,
    });
    if (move.kind === 'activate') return { kind: 'live', seconds: now, met };
    if (move.kind === 'fail') return { kind: 'taken back', seconds: now, met, why: move.reason };
    if (move.kind === 'pause') return { kind: 'paused', seconds: now, met, why: move.reason };
    if (move.kind !== 'step') continue;
    Object.assign(state, { step: state.step + 1, edges: move.edges, stepped: now * 1000, dwell: move.dwell });
    for (const name of move.edges)
      if (!trials.has(name)) {
        const i = Number(name.slice(1));
        trials.set(name, firstTrial(past[i] ?? NO_PAST, busy[i] ?? { slots: 0, of: 0 }));
        speeds[i] = { slots: 0, slow: 0 };
      }
  }
  return { kind: 'open', seconds: LONGEST_SECONDS, met };
}

const NO_TRAFFIC: Traffic = { requests: 0, broken: 0, errors: 0, cluster: 1, visit: 1, stalls: 0 };
const QUIET: Course = { isCrawled: false, isStalled: false };
const NO_PAST = { requests: 0, broken: 0, errors: 0 };

function edgeOf(i: number, { requests }: Traffic, shown: readonly string[]): RolloutEdge {
  const name = `e${i}`;
  return { name, region: 'r', labels: [], load: requests, isPrepared: true, isShown: shown.includes(name) };
}

const sum = (speeds: readonly { slots: number; slow: number }[], of: 'slots' | 'slow') =>
  speeds.reduce((total, one) => total + one[of], 0);

/** A stall, and a slow revision, make answers ten times slower. */
const shown = ({ slots, slow }: { slots: number; slow: number }): Trial['speed'] => ({
  slots,
  slower: SLOWER.map((times) => (times <= 10 ? slow : 0)),
});

function advance(dice: Random, { stalls }: Traffic, course: Course): void {
  course.isCrawled = uniform(dice) < (course.isCrawled ? 1 - CRAWLERS.go : CRAWLERS.come);
  course.isStalled = uniform(dice) < (course.isStalled ? 1 - STALL_ENDS : stalls);
}

function readers(dice: Random, { requests, visit }: Traffic, { isCrawled }: Course, seconds: number): number {
  return clustered(dice, requests * seconds * (isCrawled ? CRAWLERS.requests : 1), visit);
}

/** The slots before the rollout. */
function busySlots(dice: Random, traffic: Traffic, course: Course): Trial['busy'] {
  let slots = 0;
  for (let i = 0; i < BUSY_SLOTS; i++) {
    if (readers(dice, traffic, course, SLOT_SECONDS) > 0) slots++;
    advance(dice, traffic, course);
  }
  return { slots, of: BUSY_SLOTS };
}

function firstTrial(past: Trial['past'], busy: Trial['busy']): Trial {
  return {
    ...{ site: 1, revision: 7, requests: 0, lost: 0, broken: 0, errors: 0, deaths: 0, past },
    ...{ rehearsal: { requests: 0, lost: 0 }, checks: { asked: 0, failed: 0 }, worst: [], busy },
    ...{ speed: shown({ slots: 0, slow: 0 }), silence: { slots: 0, of: 0 } },
  };
}

const uniform = (dice: Random) => (dice.below(2 ** 30) + 0.5) / 2 ** 30;

function poisson(dice: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(dice)));
  let count = -1;
  for (let product = 1; product > Math.exp(-mean); count++) product *= uniform(dice);
  return count;
}

function normal(dice: Random): number {
  return Math.sqrt(-2 * Math.log(uniform(dice))) * Math.cos(2 * Math.PI * uniform(dice));
}

/** Events that come in groups, as when one reader repeats a request. `mean` is that of all events together. */
function clustered(dice: Random, mean: number, size: number): number {
  if (size === 1) return poisson(dice, mean);
  let count = 0;
  for (let groups = poisson(dice, mean / ((1 + size) / 2)); groups > 0; groups--)
    count += 1 + dice.below(size);
  return count;
}

/** Edges of very different size, with the usual failures of the web. */
function unequal(dice: Random, scale: number, cluster: number): Traffic[] {
  return Array.from({ length: EDGES }, () => ({
    requests: scale * Math.exp(normal(dice)),
    broken: 0.002 * Math.exp(normal(dice)),
    errors: 0.0005 * Math.exp(normal(dice)),
    cluster,
    visit: cluster === 1 ? 1 : 20,
    stalls: 0.005 * Math.exp(normal(dice)),
  }));
}

/** The Clopper-Pearson interval would be exact; Wilson's is close to it, and short. */
function interval(hits: number, all: number): readonly [least: number, most: number] {
  const z = 1.96;
  const p = hits / all;
  const middle = (p + z ** 2 / (2 * all)) / (1 + z ** 2 / all);
  const half = (z * Math.sqrt((p * (1 - p)) / all + z ** 2 / (4 * all ** 2))) / (1 + z ** 2 / all);
  return [hits === 0 ? 0 : middle - half, middle + half];
}

const percent = (share: number) => `${(100 * share).toFixed(3)} %`;

const dice = random(Number(values.seed));
tell(`without a difference (α = ${percent(ALPHA)} over a rollout), ${values.same} rollouts each:`);
for (const cluster of [1, 3])
  for (const scale of SCALES) {
    const wrong: End[] = [];
    for (let i = 0; i < Number(values.same); i++) {
      const end = play(dice, unequal(dice, scale, cluster), NOTHING);
      if (end.kind !== 'live') wrong.push(end);
    }
    const [least, most] = interval(wrong.length, Number(values.same));
    if (least > ALPHA) process.exitCode = 1;
    tell(
      `  ${scale}/s an edge, failures in groups of 1 to ${cluster}: ${wrong.length} stopped, 95 % confidence ${percent(least)} to ${percent(most)}`,
    );
    for (const { kind, why } of wrong.slice(0, 5)) tell(`    ${kind}: ${why}`);
  }

tell(`bad ones, ${values.bad} rollouts each: taken back; median seconds until then; median errors met`);
const BAD: readonly [string, Badness][] = [
  ['0.5 % lost', { lost: 0.005, broken: 0 }],
  ['1 % lost', { lost: 0.01, broken: 0 }],
  ['5 % lost', { lost: 0.05, broken: 0 }],
  ['1 % broken links', { lost: 0, broken: 0.01 }],
  ['10 % broken links', { lost: 0, broken: 0.1 }],
  ['answers 10 times slower', { lost: 0, broken: 0, isSlow: true }],
  ['readers gone after 10 s', { lost: 0, broken: 0, endsAfter: 10 }],
];
for (const [name, badness] of BAD)
  for (const scale of SCALES) {
    const ends = Array.from({ length: Number(values.bad) }, () =>
      play(dice, unequal(dice, scale, 3), badness),
    );
    const back = ends.filter(({ kind }) => kind === 'taken back');
    const median = (of: (end: End) => number) =>
      back.map(of).sort((a, b) => a - b)[Math.floor(back.length / 2)] ?? '-';
    tell(
      `  ${name}, ${scale}/s an edge: ${percent(back.length / ends.length)}; ${median(({ seconds }) => seconds)} s; ${median(({ met }) => met)}`,
    );
  }
